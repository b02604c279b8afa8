"""Ops with weights against sums and roundings in Python's integers and fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st
from rational import HIGH, LOW, reduced, saturated, scales, twice_rounded, values

DEPTH, UNITS = 6, 3
WEIGHTS = st.lists(st.integers(-128, 127), min_size=DEPTH * UNITS, max_size=DEPTH * UNITS).map(
    lambda w: np.int8(w).reshape(UNITS, DEPTH)
)
BIASES = st.lists(st.integers(-(2**33), 2**33), min_size=UNITS, max_size=UNITS)
SCALES = st.lists(scales(1e-6, 1e-2), min_size=UNITS, max_size=UNITS)


def _run(
    op: str, x: np.ndarray, w: np.ndarray, bias: Any, out: float, w_scales: Any, **options: Any
) -> Any:
    """Run a product of x (depth) and w (units, depth) as an op with weights; scale of x: 1."""
    plain = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    shapes: dict[str, Any] = {
        "CONV_2D": ((1, 1, 1, DEPTH), (UNITS, 1, 1, DEPTH), (1, 1, 1, UNITS), plain, 0),
        "FULLY_CONNECTED": ((1, DEPTH), (UNITS, DEPTH), (1, UNITS), {}, 0),
        "TRANSPOSE_CONV": ((1, 1, 1, DEPTH), (UNITS, 1, 1, DEPTH), (1, 1, 1, UNITS), plain, 0),
    }
    x_shape, w_shape, y_shape, settings, axis = shapes[op]
    g = Builder()
    image = g.input(x_shape, "int16", scale=1.0, zero_point=0)
    weights = g.constant(w.reshape(w_shape), scale=w_scales, zero_point=[0] * UNITS, axis=axis)
    y = g.tensor(y_shape, "int16", scale=out, zero_point=0)
    operands = [image, weights]
    if bias is not None:
        operands.append(g.constant(bias, scale=w_scales, zero_point=[0] * UNITS, axis=0))
    if op == "TRANSPOSE_CONV":
        operands = [g.constant(np.int32(y_shape)), weights, image, *operands[2:]]
    g.op(op, operands, [y], **settings, **options)
    return np.asarray(Interpreter(model=g.model(outputs=[y]))(x.reshape(x_shape))).reshape(-1).tolist()


def _sums(x: np.ndarray, w: np.ndarray, bias: Any) -> list[int]:
    biases = [0] * UNITS if bias is None else [int(b) for b in bias]
    return [
        sum(int(a) * int(b) for a, b in zip(x, row, strict=True)) + c
        for row, c in zip(w, biases, strict=True)
    ]


@pytest.mark.parametrize("op", ["CONV_2D", "TRANSPOSE_CONV"])
@settings(max_examples=40)
@given(x=values(DEPTH), w=WEIGHTS, bias=BIASES, out=scales(1e-2, 10.0), w_scales=SCALES)
def test_an_int64_bias_has_a_multiplier_of_15_bits(
    op: str, x: np.ndarray, w: np.ndarray, bias: list[int], out: float, w_scales: list[float]
) -> None:
    found = _run(op, x, w, np.int64(bias), out, w_scales)
    sums = _sums(x, w, bias)
    assert found == [saturated(reduced(acc, s / out)) for acc, s in zip(sums, w_scales, strict=True)]


@pytest.mark.parametrize("op", ["CONV_2D", "TRANSPOSE_CONV"])
@settings(max_examples=40)
@given(x=values(DEPTH), w=WEIGHTS, bias=BIASES, out=scales(1e-2, 10.0), w_scales=SCALES)
def test_an_int32_bias_has_one_of_31_bits_and_two_roundings(
    op: str, x: np.ndarray, w: np.ndarray, bias: list[int], out: float, w_scales: list[float]
) -> None:
    small = np.int32([b >> 6 for b in bias])
    found = _run(op, x, w, small, out, w_scales, quantized_bias_type="INT32")
    sums = _sums(x, w, small)
    assert found == [saturated(twice_rounded(acc, s / out)) for acc, s in zip(sums, w_scales, strict=True)]


@pytest.mark.parametrize("kind", ["int64", "int32", None])
@settings(max_examples=40)
@given(x=values(DEPTH), w=WEIGHTS, bias=BIASES, out=scales(1e-2, 10.0), w_scales=SCALES)
def test_fully_connected_rounds_a_product_of_doubles(
    kind: str | None, x: np.ndarray, w: np.ndarray, bias: list[int], out: float, w_scales: list[float]
) -> None:
    given = None if kind is None else np.array([b >> 6 for b in bias], kind)
    found = _run("FULLY_CONNECTED", x, w, given, out, w_scales)
    expected = []
    for acc, s in zip(_sums(x, w, given), w_scales, strict=True):
        steps = Fraction(float(acc) * (s / out))  # exact from here on: what the double holds
        whole = int(abs(steps) + Fraction(1, 2))
        expected.append(max(LOW, min(HIGH, whole if steps >= 0 else -whole)))
    assert found == expected


def test_sums_that_float64_does_not_hold_with_the_multiplier_are_exact() -> None:
    """15 bits of the multiplier and 53 of float64 leave sums of 38; these have 46."""
    x, w = np.full(DEPTH, HIGH, np.int16), np.full((UNITS, DEPTH), 127, np.int8)
    bias = [2**45 + 12345, -(2**46) + 1, 7]
    found = _run("CONV_2D", x, w, np.int64(bias), 2.0**31, [1.0, 0.7, 0.3])
    expected = zip(_sums(x, w, bias), np.float32([1.0, 0.7, 0.3]), strict=True)
    assert found == [saturated(reduced(acc, float(s) / 2.0**31)) for acc, s in expected]
