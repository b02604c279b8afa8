"""TRANSPOSE_CONV on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from one_op_opencl import check, refusal
from weighted import KINDS, Draw, weighted_model

DRAW = Draw(5, True, False, 1.0, (5, 0, 0), 0.3)
# output, filter, strides, channels, filters, padding
SHAPES = {
    "doubled": ((1, 12, 14), (2, 2), (2, 2), 8, 21, "SAME"),
    "overlapping": ((2, 9, 8), (3, 3), (2, 2), 20, 16, "SAME"),
    "valid": ((1, 11, 7), (4, 3), (3, 1), 5, 3, "VALID"),
    "one filter": ((1, 6, 6), (3, 3), (1, 2), 4, 1, "SAME"),
}


def _case(kind: str, shape: tuple[Any, ...], **options: Any) -> Any:
    (batch, *out), filter, strides, channels, filters, padding = shape
    spatial = [
        -(-n // s) if padding == "SAME" else (n - f) // s + 1
        for n, f, s in zip(out, filter, strides, strict=True)
    ]
    result = (batch, *out, filters)
    shapes = ((batch, *spatial, channels), (filters, *filter, channels), result)
    options |= {"stride_h": strides[0], "stride_w": strides[1], "padding": padding, "version": 4}
    leading = np.array(result, np.int32)
    return weighted_model("TRANSPOSE_CONV", KINDS[kind], DRAW, *shapes, leading=leading, **options)


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_images_and_filters_of_many_shapes(shape: str, kind: str) -> None:
    check(*_case(kind, SHAPES[shape], fused_activation_function="RELU"))


def test_there_may_be_no_bias() -> None:
    check(*_case("float32", SHAPES["doubled"], has_bias=False))


def test_strides_of_more_phases_than_launches_are_made_for_are_refused() -> None:
    """On a GPU each phase of the strides is a launch, and 65,281 times 2 of them never end."""
    for strides, said in {(32, 32): "", (65281, 2): "found 65281 and 2"}.items():
        shape = ((1, *strides), (2, 2), strides, 1, 1, "SAME")
        assert refusal(_case("float32", shape)[0]).endswith(said)
