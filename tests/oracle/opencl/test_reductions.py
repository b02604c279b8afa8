"""Reductions on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Model
from elementwise import DEFAULT
from one_op import random_array
from one_op_opencl import HALF_RTOL, check, refusal
from reductions import reduced_shape

FLOATS = ["SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"]
# Shape and axes: columns, rows, both around what is kept, all, none, one from the end, twice the same.
CASES: list[tuple[tuple[int, ...], list[int]]] = [
    ((1, 7, 7, 72), [1, 2]),
    ((2, 5, 3, 3), [1, 2]),
    ((2, 5, 71), [-1]),
    ((3, 4, 5, 6), [0, 2]),
    ((3, 4, 5, 6), [1, 3]),
    ((2, 3, 2, 3, 2), [0, 1, 2, 3, 4]),
    ((2, 3), []),
    ((), [0]),
    ((1, 300), [1, 1]),
    ((2, 1, 4), [1]),
]


@pytest.mark.parametrize("op", FLOATS)
@pytest.mark.parametrize(("shape", "axes"), CASES)
def test_floats(op: str, shape: tuple[int, ...], axes: list[int]) -> None:
    low, high = (0.9, 1.1) if op == "REDUCE_PROD" else (-3, 10)
    x = random_array("float32", shape, 5, low, high)
    half_rtol = 2e-2 if op == "REDUCE_PROD" else HALF_RTOL  # a rounding for each factor
    check(model(op, shape, axes, "float32", keep_dims=len(shape) % 2 == 0), [x], half_rtol=half_rtol)


@pytest.mark.parametrize(
    ("op", "dtype"),
    [
        ("SUM", "int32"),
        ("SUM", "int64"),
        ("REDUCE_PROD", "int32"),
        ("REDUCE_MAX", "int32"),
        ("REDUCE_MIN", "int64"),
    ],
)
def test_integers_wrap(op: str, dtype: str) -> None:
    x = random_array(dtype, (3, 4, 5), 5)
    check(model(op, x.shape, [1], dtype), [x])


@pytest.mark.parametrize("op", ["REDUCE_ANY", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN"])
def test_bools(op: str) -> None:
    x = random_array("bool", (3, 2, 5), 5)
    check(model(op, x.shape, [1], "bool"), [x])


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("op", ["SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN"])
@pytest.mark.parametrize(("shape", "axes"), CASES[:4])
def test_stored_values_are_within_a_step(
    op: str, dtype: str, shape: tuple[int, ...], axes: list[int]
) -> None:
    # LiteRT 2.3.0's reference resolver reads int8 as uint8 in SUM.
    resolver = DEFAULT if (op, dtype) == ("SUM", "int8") else "BUILTIN_REF"
    stored = {"scale": 0.05, "zero_point": 7}
    out = stored if op.startswith("REDUCE") else {"scale": 0.06, "zero_point": 3}
    x = random_array(dtype, shape, 5, zero_point=7)
    check(model(op, shape, axes, dtype, stored, out, version=2), [x], resolver=resolver)


@pytest.mark.parametrize("op", ["SUM", "REDUCE_PROD"])
def test_no_values_at_all(op: str) -> None:
    x = np.zeros((2, 0, 3), np.float32)
    expected = np.full((2, 3), 0 if op == "SUM" else 1, np.float32)
    check(model(op, x.shape, [1], "float32"), [x], expected=[expected])


@pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])
@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("float32", {}),
        ("int32", {}),
        ("bool", {}),
        ("int8", {"scale": 0.1, "zero_point": 3}),
        ("uint8", {}),
    ],
)
def test_the_first_of_the_largest_is_found(op: str, dtype: str, stored: dict[str, Any]) -> None:
    for shape, axis, index in (((2, 3, 21), -1, "int64"), ((3, 150, 4), 1, "int32"), ((5,), 0, "int32")):
        g = Builder()
        x = g.input(shape, dtype, **stored)
        y = g.tensor(shape[:axis] + shape[axis:][1:], index)
        g.op(op, [x, g.constant(np.int32(axis))], [y], output_type=index.upper())
        array = random_array(dtype, shape, 4, *(() if dtype == "bool" else (0, 9)))
        if dtype == "float32":
            array = np.round(array)
        check(g.model([y]), [array], resolver=DEFAULT if dtype == "bool" else "BUILTIN_REF")


@pytest.mark.parametrize("dtype", ["float32", "int32", "int64"])
@pytest.mark.parametrize(
    ("exclusive", "reverse"), [(False, False), (True, False), (False, True), (True, True)]
)
def test_running_sums(dtype: str, exclusive: bool, reverse: bool) -> None:
    x = random_array(dtype, (2, 5, 3), 6)
    for axis in (0, 1, -1):
        g = Builder()
        a = g.input(x.shape, dtype)
        options = {"exclusive": exclusive, "reverse": reverse}
        y = g.op("CUMSUM", [a, g.constant(np.int32(axis))], [g.tensor(x.shape, dtype)], **options)
        check(g.model([y]), [x])


def model(
    op: str,
    shape: tuple[int, ...],
    axes: list[int],
    dtype: str,
    stored: dict[str, Any] | None = None,
    out: dict[str, Any] | None = None,
    *,
    keep_dims: bool = False,
    version: int = 1,
) -> Model:
    g = Builder()
    x = g.input(shape, dtype, **(stored or {}))
    case = {"shape": shape, "axes": axes if shape else [], "keep_dims": keep_dims}
    y = g.tensor(reduced_shape(case), dtype, **(out or {}))
    g.op(op, [x, g.constant(np.array(axes, np.int32))], [y], version=version, keep_dims=keep_dims)
    return g.model([y])


@pytest.mark.parametrize("op", ["SUM", "MEAN"])
def test_8_bit_sums_of_nothing_are_left_to_the_reference_which_gives_litert_s_0(op: str) -> None:
    g = Builder()
    x = g.input((2, 0, 3), "uint8", scale=0.5, zero_point=7)
    y = g.tensor((2, 3), "uint8", scale=0.25, zero_point=3)
    g.op(op, [x, g.constant(np.int32([1]))], [y], version=2, keep_dims=False)
    assert "needs 8-bit values to reduce, found shape 2×0×3" in refusal(g.model([y]))
