"""FULLY_CONNECTED on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from one_op_opencl import check
from weighted import KINDS, Draw, weighted_model

DRAW = Draw(5, True, False, 1.0, (5, 0, 0), 0.3)
# x, units
SHAPES: dict[str, tuple[tuple[int, ...], int]] = {
    "one row": ((1, 100), 150),
    "one row, few units": ((1, 37), 3),
    "some rows": ((6, 64), 24),
    "many rows": ((33, 20), 10),
    "an image": ((2, 3, 4, 10), 17),
    "one number": ((1, 1), 1),
}


def _case(kind: str, x: tuple[int, ...], units: int, draw: Draw = DRAW, **options: Any) -> Any:
    rows = 1
    for n in x[:-1]:
        rows *= n
    out = (*x[:-1], units) if options.get("keep_num_dims") else (rows, units)
    return weighted_model("FULLY_CONNECTED", KINDS[kind], draw, x, (units, x[-1]), out, **options)


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_and_units_of_many_sizes(shape: str, kind: str) -> None:
    draw = Draw(5, False, False, 1.0, (5, 0, 0), 0.3)
    check(*_case(kind, *SHAPES[shape], draw=draw, fused_activation_function="RELU"))


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_dimensions_may_be_kept(kind: str) -> None:
    check(*_case(kind, *SHAPES["an image"], keep_num_dims=True))


def test_weights_and_bias_that_are_computed() -> None:
    draw = Draw(5, False, True, 1.0, (5, 0, 0), 0.3)
    for shape in ("some rows", "one row"):
        check(*_case("float32", *SHAPES[shape], draw=draw))


def test_there_may_be_no_bias() -> None:
    check(*_case("float32", *SHAPES["some rows"], has_bias=False))
    check(*_case("int8", *SHAPES["some rows"], has_bias=False))
