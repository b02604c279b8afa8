"""FLOOR_MOD against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import all_special_pairs, check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array, run_op
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(6, 4), dtype=st.sampled_from(["float32", "int8", "int32", "int64"]), seed=SEEDS)
def test_numbers_are_broadcast(pair: Any, dtype: str, seed: int) -> None:
    x, y = (random_array(dtype, shape, seed + i) for i, shape in enumerate(pair))
    check_op("FLOOR_MOD", [x, _without_zero_and_minus_one(y)], dtype)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
def test_signs_are_those_of_the_divisor(dtype: str) -> None:
    x, y = np.array([7, -7, 7, -7, 6, -6], dtype), np.array([2, 2, -2, -2, 3, -3], dtype)
    (z,) = check_op("FLOOR_MOD", [x, y], dtype) or []
    assert z.tolist() == [1, 1, -1, -1, 0, 0]


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
def test_a_zero_divisor_is_an_input_error_where_litert_fails(dtype: str) -> None:
    arrays = [np.ones(2, dtype), np.array([1, 0], dtype)]
    graph = model_of("FLOOR_MOD", arrays, dtype).subgraphs[0]
    with pytest.raises(InputError, match="needs divisors other than 0, found 1 of 2 that are 0"):
        run_op(graph.ops[0], graph, arrays)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_the_smallest_integer_by_minus_1_leaves_0_where_litert_dies(dtype: str) -> None:
    arrays = [np.array([np.iinfo(dtype).min], dtype), np.array([-1], dtype)]
    (z,) = check_op("FLOOR_MOD", arrays, dtype, expect_litert_failure=True) or []
    assert z.tolist() == [0]


def test_infinities_and_nan_go_through_and_a_zero_divisor_gives_nan() -> None:
    check_op("FLOOR_MOD", all_special_pairs(), "float32")


def _without_zero_and_minus_one(y: np.ndarray) -> np.ndarray:
    return np.where((y == 0) | (y == -1), 3, y).astype(y.dtype)
