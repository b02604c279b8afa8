"""POW against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import all_special_pairs, check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array, run_op
from strategies import SEEDS, broadcast_pairs, shapes


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(pair: Any, seed: int) -> None:
    x, y = (
        random_array("float32", pair[0], seed, 1e-3, 10),
        random_array("float32", pair[1], seed + 1, -5, 5),
    )
    check_op("POW", [x, y], "float32", exact64=lambda x, y: np.asarray(np.power(x, y, dtype=np.float64)))


@settings(max_examples=20, deadline=None)
@given(shape=shapes(1, 4, 1, 4), exponent=st.integers(1, 40), off=st.sampled_from([0, 5e-6, -5e-6, 1e-4]))
def test_one_nearly_whole_exponent_becomes_multiplications(
    shape: tuple[int, ...], exponent: int, off: float
) -> None:
    arrays = [random_array("float32", shape, 1, 0.1, 10), np.array(exponent + off, np.float32)]
    check_op("POW", arrays, "float32")


def test_infinities_and_nan_go_through() -> None:
    check_op("POW", all_special_pairs(), "float32")


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_integers_beyond_int32_become_what_litert_has(pair: Any, seed: int) -> None:
    x = random_array("int32", pair[0], seed, -20, 20)
    y = random_array("int32", pair[1], seed + 1, 0, 30)
    check_op("POW", [x, y], "int32")


def test_a_negative_integer_exponent_is_an_input_error_where_litert_fails() -> None:
    arrays = [np.int32([2, 3]), np.int32([1, -1])]
    graph = model_of("POW", arrays, "int32").subgraphs[0]
    with pytest.raises(InputError, match="needs exponents that are not negative, found -1"):
        run_op(graph.ops[0], graph, arrays)
