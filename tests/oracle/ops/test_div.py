"""DIV against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import all_pairs, all_special_pairs, check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array, run_op
from strategies import ACTIVATIONS, SEEDS, broadcast_pairs, quantizations


@settings(max_examples=40, deadline=None)
@given(
    pair=broadcast_pairs(6, 4),
    dtype=st.sampled_from(["float32", "int32"]),
    activation=ACTIVATIONS,
    seed=SEEDS,
)
def test_numbers_are_broadcast_and_clipped(pair: Any, dtype: str, activation: str, seed: int) -> None:
    x, y = (random_array(dtype, shape, seed + i) for i, shape in enumerate(pair))
    check_op("DIV", [x, _without(y, 0)], dtype, fused_activation_function=activation)


def test_the_smallest_int32_by_minus_1_is_the_largest() -> None:
    (y,) = check_op("DIV", [np.int32([-(2**31), -7, 7]), np.int32([-1, 2, -2])], "int32") or []
    assert y.tolist() == [2**31 - 1, -3, -3]


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6", "RELU_N1_TO_1"])
def test_infinities_become_the_largest_numbers_and_nan_stays(activation: str) -> None:
    check_op("DIV", all_special_pairs(), "float32", fused_activation_function=activation)


@settings(max_examples=25, deadline=None)
@given(dtype=st.sampled_from(["int8", "uint8"]), data=st.data(), activation=ACTIVATIONS)
def test_every_pair_of_stored_values_is_bit_for_bit(dtype: str, data: Any, activation: str) -> None:
    stored = [data.draw(quantizations(dtype, 1e-2, 10)) for _ in range(3)]
    x, y = all_pairs(dtype)
    y = _without(y, stored[1]["zero_point"])
    check_op("DIV", [x, y], dtype, *stored, version=2, fused_activation_function=activation)


@pytest.mark.parametrize(("dtype", "zero"), [("int32", 0), ("int8", 3), ("uint8", 3)])
def test_a_zero_divisor_is_an_input_error_where_litert_fails(dtype: str, zero: int) -> None:
    stored = {} if dtype == "int32" else {"scale": 0.1, "zero_point": 3}
    arrays = [np.ones(2, dtype), np.array([1, zero], dtype)]
    graph = model_of("DIV", arrays, dtype, stored, stored, stored).subgraphs[0]
    with pytest.raises(InputError, match="needs divisors other than 0, found 1 of 2 that are 0"):
        run_op(graph.ops[0], graph, arrays)


def test_a_factor_that_litert_shifts_the_wrong_way_for() -> None:
    x, y = all_pairs("int8")
    coarse, fine = {"scale": 1.0, "zero_point": 0}, {"scale": 2.0**-12, "zero_point": 0}
    check_op("DIV", [x, _without(y, 0)], "int8", coarse, fine, fine)


def test_an_infinite_factor_is_refused() -> None:
    large, small = {"scale": 1e38, "zero_point": 0}, {"scale": 1e-30, "zero_point": 0}
    check_op("DIV", all_pairs("int8"), "int8", large, small, small, expect_refusal="finite, found a factor")


def _without(y: np.ndarray, zero: int) -> np.ndarray:
    return np.where(y == zero, zero + 1 if zero < 100 else zero - 1, y).astype(y.dtype)
