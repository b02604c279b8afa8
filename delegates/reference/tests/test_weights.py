"""What the rows of ops with weights refuse before anything runs, and windows beyond the image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Interpreter, Op, SupportTable, shape_text
from delegraph.model import Builder
from delegraph_reference.kernels import rows

STRIDES = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
VOLUME = STRIDES | {"stride_d": 1}


def _floats(*shape: int) -> np.ndarray:
    return np.ones(shape, np.float32)


# x, weights, the output (5 channels in each), options; ops that begin with the output's shape
FORWARD: list[Any] = [
    ("CONV_2D", (1, 4, 4, 2), (5, 1, 1, 2), (1, 4, 4, 5), STRIDES),
    ("DEPTHWISE_CONV_2D", (1, 4, 4, 1), (1, 1, 1, 5), (1, 4, 4, 5), STRIDES | {"depth_multiplier": 5}),
    ("FULLY_CONNECTED", (3, 2), (5, 2), (3, 5), {}),
    ("CONV_3D", (1, 4, 4, 4, 2), (1, 1, 1, 2, 5), (1, 4, 4, 4, 5), VOLUME),
]
TRANSPOSED: list[Any] = [
    ("TRANSPOSE_CONV", (1, 4, 4, 2), (5, 1, 1, 2), (1, 4, 4, 5), STRIDES),
    ("CONV_3D_TRANSPOSE", (1, 4, 4, 4, 2), (1, 1, 1, 5, 2), (1, 4, 4, 4, 5), VOLUME),
]


def _op(name: str, x: Any, weights: Any, out: Any, options: dict[str, Any], bias: np.ndarray) -> Op:
    g = Builder()
    entry, filters, b = g.input(x, "float32"), g.constant(_floats(*weights)), g.constant(bias)
    operands = [entry, filters, b]
    if name in [case[0] for case in TRANSPOSED]:
        operands = [g.constant(np.int32(out)), filters, entry, b]
    g.op(name, operands, [g.tensor(out, "float32")], **options)
    return g.model().subgraphs[0].ops[0]


def _refusals(op: Op) -> list[str]:
    return [str(why) for why in SupportTable("reference", rows()).refusals(op)]


@pytest.mark.parametrize("case", FORWARD + TRANSPOSED, ids=lambda case: case[0])
@pytest.mark.parametrize("length", [1, 2, 10])
def test_a_bias_of_another_length_than_the_output_channels_is_refused(case: Any, length: int) -> None:
    (refusal,) = _refusals(_op(*case, bias=_floats(length)))
    assert refusal.startswith("needs one value of the bias for each slice of the weights along axis ")
    assert f"found a bias of shape {length}, weights {shape_text(case[2])}" in refusal


@pytest.mark.parametrize("case", FORWARD + TRANSPOSED, ids=lambda case: case[0])
@pytest.mark.parametrize("shape", [(5,), (1, 1, 1, 5)])
def test_a_bias_for_each_output_channel_is_taken(case: Any, shape: tuple[int, ...]) -> None:
    assert _refusals(_op(*case, bias=_floats(*shape))) == []


@pytest.mark.parametrize("case", [FORWARD[0], FORWARD[1], FORWARD[3]], ids=lambda case: case[0])
def test_dilations_that_would_fill_the_memory_are_refused(case: Any) -> None:
    name, x, weights, out, options = case
    larger = (*weights[:1], 2, 2, weights[-1]) if name != "CONV_3D" else (1, 2, 2, 2, 5)
    spread = {"padding": "SAME", "dilation_h_factor": 100_000, "dilation_w_factor": 100_000}
    (refusal,) = _refusals(_op(name, x, larger, out, options | spread, bias=_floats(5)))
    assert refusal.startswith("needs dilations whose padding makes an image at most 64 times larger")
    assert "padded to" in refusal


@pytest.mark.parametrize("dilation", [36, 500])
def test_dilations_larger_than_the_image_are_taken(dilation: int) -> None:
    spread = {"padding": "SAME", "dilation_h_factor": dilation, "dilation_w_factor": dilation}
    op = _op("CONV_2D", (1, 33, 33, 2), (5, 2, 2, 2), (1, 33, 33, 5), STRIDES | spread, bias=_floats(5))
    assert _refusals(op) == []


@pytest.mark.parametrize("op", ["MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"])
@pytest.mark.parametrize("stride", [1, 2**31 - 1])
def test_a_pool_s_window_may_be_far_larger_than_the_image(op: str, stride: int) -> None:
    g = Builder()
    x = g.input((1, 2, 2, 1), "float32")
    size = 2 if stride == 1 else 1
    y = g.tensor((1, size, size, 1), "float32")
    window = {"filter_height": 2**31 - 1, "filter_width": 2**31 - 1}
    steps = {"stride_h": stride, "stride_w": stride, "padding": "SAME"}
    g.op(op, [x], [y], **steps, **window)
    found = Interpreter(model=g.model([y]))(np.float32([1, 1, 1, 5]).reshape(1, 2, 2, 1))
    expected = {"MAX_POOL_2D": 5, "AVERAGE_POOL_2D": 2, "L2_POOL_2D": np.sqrt(np.float32(7))}[op]
    assert (found == expected).all()  # each window covers the whole image
