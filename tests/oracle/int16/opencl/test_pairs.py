"""ADD, SUB, MUL, MAXIMUM and MINIMUM of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder
from elementwise import DEFAULT
from hypothesis import given, settings
from hypothesis import strategies as st
from int16_opencl import check, pair
from int16s import many_pairs
from one_op import random_array
from strategies import ACTIVATIONS, broadcast_pairs

ARITHMETIC = ["ADD", "SUB", "MUL"]


def _options(op: str, activation: str = "NONE") -> dict[str, Any]:
    pot = {} if op == "MUL" else {"pot_scale_int16": False}
    return {"fused_activation_function": activation} | pot


@pytest.mark.parametrize("op", ARITHMETIC)
@settings(max_examples=12, deadline=None)
@given(
    ratio=st.sampled_from([1.0, 0.37, 1.9, 1e-3, 700.0]),
    out=st.sampled_from([0.3, 1.0, 2.0, 7.5]),
    activation=ACTIVATIONS,
)
def test_every_value_is_bit_for_bit(op: str, ratio: float, out: float, activation: str) -> None:
    x, y = 0.0011, float(np.float32(0.0011 * ratio))
    z = max(x, y) * out * (10 if op == "MUL" else 1)
    shapes = [(1 << 17,), (1 << 17,)]
    check(pair(op, shapes, (x, y, z), **_options(op, activation)), many_pairs(3))


@pytest.mark.parametrize("op", [*ARITHMETIC, "MAXIMUM", "MINIMUM"])
@settings(max_examples=12, deadline=None)
@given(shapes=broadcast_pairs())
def test_operands_are_broadcast(op: str, shapes: Any) -> None:
    scales = (0.01, 0.015, 0.02) if op in ARITHMETIC else (0.01, 0.01, 0.01)
    arrays = [random_array("int16", shape, 5 + i) for i, shape in enumerate(shapes)]
    check(pair(op, shapes, scales, **(_options(op) if op in ARITHMETIC else {})), arrays)


@pytest.mark.parametrize("op", ["ADD", "SUB"])
@pytest.mark.parametrize("bits", [0, 1, 3, 8, 15])
def test_scales_that_are_powers_of_two_shift_one_operand(op: str, bits: int) -> None:
    scales = (2.0 ** (-10 - bits), 2.0**-10, 2.0**-10)
    options = {"fused_activation_function": "RELU6", "pot_scale_int16": True}
    check(pair(op, [(1 << 17,), (1 << 17,)], scales, **options), many_pairs(bits))


@pytest.mark.parametrize("shape", [(1,), (7, 1), (5, 7, 40), ()])
def test_an_operand_may_be_a_constant(shape: tuple[int, ...]) -> None:
    g = Builder()
    x = g.input((5, 7, 40), "int16", scale=0.01, zero_point=0)
    y = g.constant(random_array("int16", shape, 2), scale=0.03, zero_point=0)
    out = g.tensor((5, 7, 40), "int16", scale=0.04, zero_point=0)
    g.op("ADD", [y, x], [out], pot_scale_int16=False)
    check(g.model(), [random_array("int16", (5, 7, 40), 1)])


@pytest.mark.parametrize("op", ["GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "EQUAL", "NOT_EQUAL"])
@pytest.mark.parametrize("ratio", [1.0, 0.999, 1.7, 0.03])
def test_comparisons_are_litert_s(op: str, ratio: float) -> None:
    near = many_pairs(4)
    near[1] = np.where(near[0] % 3 == 0, near[0], near[1]).astype(np.int16)
    check(pair(op, [near[0].shape] * 2, (0.01, 0.01 * ratio), "bool"), near)


STORED = (
    "STABLEHLO_ADD STABLEHLO_AND STABLEHLO_MAXIMUM STABLEHLO_MINIMUM STABLEHLO_MULTIPLY BITWISE_XOR".split()
)


@pytest.mark.parametrize("op", STORED)
def test_stored_values_meet_bit_for_bit(op: str) -> None:
    g = Builder()
    x, y = (g.input((1 << 17,), "int16") for _ in range(2))
    g.op(op, [x, y], [g.tensor((1 << 17,), "int16")])
    check(g.model(), many_pairs(6), resolver=DEFAULT)  # BUILTIN_REF lacks STABLEHLO_AND


@pytest.mark.parametrize("shape", [(40,), (1, 7, 1), (5, 7, 40)])
def test_a_prelu_is_bit_for_bit(shape: tuple[int, ...]) -> None:
    g = Builder()
    x = g.input((5, 7, 40), "int16", scale=0.01, zero_point=0)
    alpha = g.constant(random_array("int8", shape, 2), scale=0.003, zero_point=0)
    g.op("PRELU", [x, alpha], [g.tensor((5, 7, 40), "int16", scale=0.012, zero_point=0)])
    check(g.model(), [random_array("int16", (5, 7, 40), 1)])


@pytest.mark.parametrize("op", ["ADD", "MUL"])
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6"])
def test_without_scales_results_wrap(op: str, activation: str) -> None:
    g = Builder()
    x, y = g.input((1 << 17,), "int16"), g.input((1 << 17,), "int16")
    g.op(op, [x, y], [g.tensor((1 << 17,), "int16")], fused_activation_function=activation)
    check(g.model(), many_pairs(8))


@pytest.mark.parametrize("op", ["ADD", "AND", "MAXIMUM", "MINIMUM", "MULTIPLY"])
def test_stored_numbers_wrap(op: str) -> None:
    g = Builder()
    x, y = g.input((1 << 17,), "int16"), g.input((1 << 17,), "int16")
    g.op(f"STABLEHLO_{op}", [x, y], [g.tensor((1 << 17,), "int16")])
    check(g.model(), many_pairs(9), resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES")
