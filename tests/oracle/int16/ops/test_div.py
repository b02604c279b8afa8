"""DIV on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import check_op, model_of
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import many_pairs, stored
from one_op import random_array, run_op
from strategies import ACTIVATIONS, SEEDS, broadcast_pairs


@settings(max_examples=60, deadline=None)
@given(scales=st.tuples(*[stored(0.01, 10)] * 3), activation=ACTIVATIONS, seed=SEEDS)
def test_every_value_is_bit_for_bit(scales: Any, activation: str, seed: int) -> None:
    x, y = many_pairs(seed)
    arrays = [x, np.where(y == 0, 7, y).astype(np.int16)]
    check_op("DIV", arrays, "int16", *scales, version=2, fused_activation_function=activation)


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(4, 4), scales=st.tuples(*[stored(0.01, 10)] * 3), seed=SEEDS)
def test_operands_are_broadcast(pair: Any, scales: Any, seed: int) -> None:
    x, y = random_array("int16", pair[0], seed), random_array("int16", pair[1], seed + 1, 1, 999)
    check_op("DIV", [x, y], "int16", *scales, version=2)


def test_a_zero_divisor_is_an_input_error_where_litert_fails() -> None:
    q, arrays = {"scale": 0.1, "zero_point": 0}, [np.int16([1, 2]), np.int16([1, 0])]
    graph = model_of("DIV", arrays, "int16", q, q, q, version=2).subgraphs[0]
    with pytest.raises(InputError, match="needs divisors other than 0, found 1 of 2 that are 0"):
        run_op(graph.ops[0], graph, arrays)
