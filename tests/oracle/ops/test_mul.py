"""MUL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from elementwise import DEFAULT, all_pairs, all_special_pairs, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import ACTIVATIONS, SEEDS, broadcast_pairs, quantizations


@settings(max_examples=40, deadline=None)
@given(
    pair=broadcast_pairs(6, 4),
    dtype=st.sampled_from(["float32", "int32", "int64"]),
    activation=ACTIVATIONS,
    seed=SEEDS,
)
def test_numbers_are_broadcast_and_clipped(pair: Any, dtype: str, activation: str, seed: int) -> None:
    arrays = [random_array(dtype, shape, seed + i) for i, shape in enumerate(pair)]
    check_op("MUL", arrays, dtype, fused_activation_function=activation)


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
def test_infinities_become_the_largest_numbers_and_nan_stays(activation: str) -> None:
    check_op("MUL", all_special_pairs(), "float32", fused_activation_function=activation)


@settings(max_examples=25, deadline=None)
@given(dtype=st.sampled_from(["int8", "uint8"]), data=st.data(), activation=ACTIVATIONS)
def test_every_pair_of_stored_values_is_bit_for_bit(dtype: str, data: Any, activation: str) -> None:
    stored = [data.draw(quantizations(dtype, 1e-2, 10)) for _ in range(3)]
    check_op("MUL", all_pairs(dtype), dtype, *stored, version=2, fused_activation_function=activation)


@settings(max_examples=15, deadline=None)
@given(pair=broadcast_pairs(6, 4), dtype=st.sampled_from(["int8", "uint8"]), seed=SEEDS)
def test_stored_values_are_broadcast(pair: Any, dtype: str, seed: int) -> None:
    arrays = [random_array(dtype, shape, seed + i) for i, shape in enumerate(pair)]
    stored = {"scale": 0.02, "zero_point": 3}
    check_op("MUL", arrays, dtype, stored, stored, stored, version=2)


@pytest.mark.parametrize("fixed", [0, 1])
def test_a_constant_value_is_as_good_as_a_computed_one(fixed: int) -> None:
    g = Builder()
    stored = {"scale": 0.05, "zero_point": -3}
    operands = [g.input((256,), "int8", **stored)]
    operands.insert(fixed, g.constant(np.int8([77]), **stored))
    y = g.op("MUL", operands, [g.tensor((256,), "int8", **stored)], version=2)
    check(g.model([y]), [all_values("int8")])


def test_8_bits_without_a_scale_are_refused() -> None:
    check_op(
        "MUL", all_pairs("int8"), "int8", version=2, expect_refusal="one scale and zero point on each 8-bit"
    )


@settings(max_examples=20, deadline=None)
@given(pair=broadcast_pairs(4, 4), activation=ACTIVATIONS, seed=SEEDS)
def test_float16_is_rounded_once(pair: Any, activation: str, seed: int) -> None:
    arrays = [random_array("float16", shape, seed + i) for i, shape in enumerate(pair)]
    options = {"version": 8, "fused_activation_function": activation, "resolver": DEFAULT}
    check_op("MUL", arrays, "float16", **options)


def test_an_activation_that_litert_ignores_is_refused() -> None:
    ones = [np.ones(2, np.float32)] * 2
    check_op("MUL", ones, "float32", fused_activation_function="TANH", expect_refusal="found TANH")


@settings(max_examples=15, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_complex_numbers_are_multiplied(pair: Any, seed: int) -> None:
    check_op(
        "MUL", [random_array("complex64", shape, seed + i) for i, shape in enumerate(pair)], "complex64"
    )


@settings(max_examples=15, deadline=None)
@given(pair=broadcast_pairs(6, 4), activation=st.sampled_from(["NONE", "RELU", "RELU6"]), seed=SEEDS)
def test_uint32_wraps(pair: Any, activation: str, seed: int) -> None:
    arrays = [random_array("uint32", shape, seed + i) for i, shape in enumerate(pair)]
    check_op("MUL", arrays, "uint32", version=7, fused_activation_function=activation)


def test_uint32_has_no_minus_1_to_be_clipped_to() -> None:
    ones, options = [np.ones(2, np.uint32)] * 2, {"fused_activation_function": "RELU_N1_TO_1"}
    check_op("MUL", ones, "uint32", expect_refusal="found RELU_N1_TO_1", **options)


@pytest.mark.parametrize("scale", [256.0, 2.0**20, 2.0**31, 1e15])
def test_a_product_that_overflows_int32_wraps(scale: float) -> None:
    coarse, fine = {"scale": scale, "zero_point": 3}, {"scale": 1.0, "zero_point": 1}
    check_op("MUL", all_pairs("int8"), "int8", coarse, coarse, fine, version=2)


def test_an_infinite_factor_is_refused() -> None:
    large, fine = {"scale": 1e38, "zero_point": 0}, {"scale": 1.0, "zero_point": 0}
    check_op(
        "MUL", all_pairs("int8"), "int8", large, large, fine, version=2, expect_refusal="factor of inf"
    )
