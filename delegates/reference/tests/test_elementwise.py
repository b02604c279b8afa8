"""Formulas on arrays, fused activations and constraints of elementwise ops."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from delegraph import Op
from delegraph.model import Builder
from delegraph.rules import known_activation, one_scale_each
from delegraph_reference import elementwise

LARGEST = np.finfo(np.float32).max


def op(dtype: str = "float32", activation: str = "NONE", name: str = "ADD", **stored: Any) -> Op:
    g = Builder()
    operands = [g.input((2, 2), dtype, name, **stored) for name in ("x", "y")]
    y = g.tensor((2, 2), dtype, "z", **stored)
    options = {"fused_activation_function": activation} if name == "ADD" else {}
    return g.model([g.op(name, operands, [y], **options)]).subgraphs[0].ops[0]


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("NONE", [-LARGEST, -3, 0.5, LARGEST]),
        ("RELU", [0, 0, 0.5, LARGEST]),
        ("RELU6", [0, 0, 0.5, 6]),
        ("RELU_N1_TO_1", [-1, -1, 0.5, 1]),
    ],
)
def test_floats_end_up_within_the_activation_and_finite(activation: str, expected: list[float]) -> None:
    run = elementwise.by_formula(np.add)(op(activation=activation))
    (y,) = run(np.float32([-np.inf, -3, 0.5, np.inf]), np.float32([0]))
    assert y.tolist() == np.float32(expected).tolist()


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("NONE", [-9, 0, 9]), ("RELU", [0, 0, 9]), ("RELU6", [0, 0, 6]), ("RELU_N1_TO_1", [-1, 0, 1])],
)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_integers_end_up_within_the_activation(dtype: str, activation: str, expected: list[int]) -> None:
    run = elementwise.by_formula(np.add)(op(dtype, activation))
    (y,) = run(np.array([-9, 0, 9], dtype), np.array([0], dtype))
    assert (y.dtype, y.tolist()) == (np.dtype(dtype), expected)


def test_an_op_without_activations_keeps_infinities() -> None:
    run = elementwise.by_formula(np.maximum)(op(name="MAXIMUM"))
    assert run(np.float32([np.inf]), np.float32([1]))[0].tolist() == [np.inf]


def test_half_precision_is_computed_in_float32_and_rounded_once() -> None:
    x, y = np.float16([2048]), np.float16([1.5])  # 2048 + 1.5 = 2049.5; steps of 2 there: 2050
    assert elementwise.by_formula(lambda a, b: a + b)(op("float16"))(x, y)[0].tolist() == [2050]
    seen = []
    elementwise.by_formula(lambda a, b: seen.append(a.dtype) or a)(op("float16"))(x, y)
    elementwise.by_formula(lambda a, b: seen.append(a.dtype) or a, widen=False)(op("float16"))(x, y)
    assert seen == [np.float32, np.float16]


def test_bfloat16_bits_are_widened_and_rounded() -> None:
    one, two = np.uint16([0x3F80]), np.uint16([0x4000])
    (y,) = elementwise.by_formula(np.add)(op("bfloat16", name="MAXIMUM"))(one, two)
    assert (y.dtype, y.tolist()) == (np.uint16, [0x4040])  # 3
    (less,) = elementwise.by_formula(np.less)(op("bfloat16", name="MAXIMUM"))(one, two)
    assert less.tolist() == [True]


def test_scalars_come_out_as_arrays() -> None:
    (y,) = elementwise.by_formula(np.add)(op())(np.array(1, np.float32), np.array(2, np.float32))
    assert isinstance(y, np.ndarray)
    assert (y.shape, y.dtype, y.item()) == ((), np.float32, 3)


def test_nobody_is_warned() -> None:
    run = elementwise.by_formula(np.divide)(op(name="MAXIMUM"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (y,) = run(np.float32([1, 0]), np.float32([0, 0]))
    assert np.isposinf(y[0])
    assert np.isnan(y[1])


def test_inputs_stay_as_they_are() -> None:
    x = np.float32([[-1, 2], [3, 40]])
    elementwise.by_formula(np.add)(op(activation="RELU6"))(x, x)
    assert x.tolist() == [[-1, 2], [3, 40]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2.9, 2), (-2.9, -2), (3e9, -(2**31)), (-3e9, -(2**31)), (np.inf, -(2**31)), (np.nan, -(2**31))],
)
def test_floats_convert_as_x86_64_converts(value: float, expected: int) -> None:
    assert elementwise.to_int32(np.float32([value])).tolist() == [expected]


def test_scales_lie_along_their_axis() -> None:
    g = Builder()
    x = g.input((2, 3, 4), "int8", scale=[0.1, 0.2, 0.3], zero_point=[1, 2, 3], axis=1)
    scale, zero_point = elementwise.per_axis(x, 3)
    assert scale.shape == zero_point.shape == (1, 3, 1)
    assert zero_point.ravel().tolist() == [1, 2, 3]
    one = g.input((2, 3, 4), "int8", scale=0.5, zero_point=7)
    assert [a.shape for a in elementwise.per_axis(one, 3)] == [(), ()]


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ({}, "none on 'x'"),
        ({"scale": [0.1, 0.2], "zero_point": [0, 0]}, "2 scales on 'x'"),
        ({"scale": 0.0, "zero_point": 0}, "a scale of 0 on 'x'"),
        ({"scale": 0.1, "zero_point": 0}, None),
    ],
)
def test_8_bit_tensors_need_one_scale(stored: Any, found: str | None) -> None:
    refusal = one_scale_each.check(op("int8", **stored), None)
    assert (refusal and refusal.found) == found


@pytest.mark.parametrize("activation", ["TANH", "SIGN_BIT"])
def test_activations_that_nobody_computes_are_refused(activation: str) -> None:
    refusal = known_activation.check(op(activation=activation), None)
    wanted = "needs a fused activation among NONE, RELU, RELU_N1_TO_1 and RELU6, found "
    assert str(refusal) == wanted + activation
