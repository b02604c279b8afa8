"""FLOOR_DIV on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from elementwise import check_op, model_of
from hypothesis import given, settings
from int16s import many_pairs
from one_op import random_array, run_op
from strategies import SEEDS, broadcast_pairs


def test_every_value_is_bit_for_bit() -> None:
    x, y = many_pairs(1)
    check_op("FLOOR_DIV", [x, np.where(y == 0, 7, y).astype(np.int16)], "int16", version=2)


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_stored_values_are_broadcast(pair: Any, seed: int) -> None:
    x, y = random_array("int16", pair[0], seed), random_array("int16", pair[1], seed + 1, 1, 99)
    stored = [{"scale": scale, "zero_point": 0} for scale in (0.1, 0.2, 0.3)]
    check_op("FLOOR_DIV", [x, y], "int16", *stored, version=2)


def test_a_zero_divisor_is_an_input_error_where_litert_fails() -> None:
    arrays = [np.int16([1, 2]), np.int16([1, 0])]
    graph = model_of("FLOOR_DIV", arrays, "int16", version=2).subgraphs[0]
    with pytest.raises(InputError, match="needs divisors other than 0, found 1 of 2 that are 0"):
        run_op(graph.ops[0], graph, arrays)
