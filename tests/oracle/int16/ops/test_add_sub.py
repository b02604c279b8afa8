"""ADD and SUB of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import many_pairs, stored
from one_op import random_array
from strategies import ACTIVATIONS, SEEDS, broadcast_pairs

FACTORS = st.sampled_from([0.3, 1.0, 2.0, 7.5])
both = pytest.mark.parametrize("op", ["ADD", "SUB"])


@both
@settings(max_examples=60, deadline=None)
@given(
    x=stored(1e-5, 1e-2),
    ratio=st.sampled_from([1.0, 0.37, 1.9, 1e-3, 700.0]),
    out=FACTORS,
    activation=ACTIVATIONS,
    seed=SEEDS,
)
def test_every_stored_value_is_bit_for_bit(
    op: str, x: Any, ratio: float, out: float, activation: str, seed: int
) -> None:
    y = {"scale": float(np.float32(x["scale"] * ratio)), "zero_point": 0}
    z = {"scale": float(np.float32(max(x["scale"], y["scale"]) * out)), "zero_point": 0}
    options = {"fused_activation_function": activation, "pot_scale_int16": False}
    check_op(op, many_pairs(seed), "int16", x, y, z, **options)


@both
@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(), x=stored(1e-5, 1e-2), seed=SEEDS)
def test_operands_are_broadcast(op: str, pair: Any, x: Any, seed: int) -> None:
    y = {"scale": x["scale"] * 1.5, "zero_point": 0}
    arrays = [random_array("int16", shape, seed + i) for i, shape in enumerate(pair)]
    check_op(op, arrays, "int16", x, y, y, pot_scale_int16=False)


@both
def test_an_operand_may_be_a_scalar(op: str) -> None:
    x, y, z = ({"scale": s, "zero_point": 0} for s in (1e-4, 3e-3, 4e-3))
    for arrays in ([np.int16(7), many_pairs(1)[0]], [np.array(-9, np.int16), np.array(5, np.int16)]):
        check_op(op, [np.asarray(a) for a in arrays], "int16", x, y, z, pot_scale_int16=False)


@both
@pytest.mark.parametrize("bits", [0, 1, 3, 8, 15])
@pytest.mark.parametrize("shifted", [0, 1])
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6"])
def test_scales_that_are_powers_of_two_shift_one_operand(
    op: str, bits: int, shifted: int, activation: str
) -> None:
    scales = [2.0**-10, 2.0**-10]
    scales[shifted] *= 2.0**-bits
    x, y, z = ({"scale": s, "zero_point": 0} for s in (*scales, 2.0**-10))
    options = {"fused_activation_function": activation, "pot_scale_int16": True}
    check_op(op, many_pairs(bits), "int16", x, y, z, **options)


@both
def test_powers_of_two_are_taken_for_such_a_little_off(op: str) -> None:
    x, y, z = ({"scale": s, "zero_point": 0} for s in (2.0**-10 * 1.0005, 2.0**-12, 2.0**-10 * 0.9996))
    check_op(op, many_pairs(1), "int16", x, y, z, pot_scale_int16=True)


@both
def test_two_shifts_are_refused_as_litert_does(op: str) -> None:
    x, y, z = ({"scale": s, "zero_point": 0} for s in (2.0**-10, 2.0**-11, 2.0**-9))
    arrays = [np.int16([1]), np.int16([2])]
    assert check_op(op, arrays, "int16", x, y, z, pot_scale_int16=True) is None
    why = "needs one operand of the output's scale and none of a larger one"
    check_op(op, arrays, "int16", x, y, z, pot_scale_int16=True, expect_refusal=why)


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(), seed=SEEDS)
def test_without_scales_sums_wrap(pair: Any, seed: int) -> None:
    check_op("ADD", [random_array("int16", s, seed + i) for i, s in enumerate(pair)], "int16")


def test_a_zero_point_of_add_is_refused_as_litert_does() -> None:
    stored, odd = {"scale": 0.1, "zero_point": 0}, {"scale": 0.1, "zero_point": 3}
    arrays = [np.int16([1]), np.int16([2])]
    assert check_op("ADD", arrays, "int16", stored, odd, stored) is None
    why = "needs zero points of 0 on int16 tensors, found 3"
    check_op("ADD", arrays, "int16", stored, odd, stored, expect_refusal=why)


def test_sub_without_a_scale_is_refused() -> None:
    """LiteRT dies of it."""
    arrays = [np.int16([1]), np.int16([2])]
    assert check_op("SUB", arrays, "int16") is None
    check_op("SUB", arrays, "int16", expect_refusal="needs one scale on each int16 tensor, found none")
