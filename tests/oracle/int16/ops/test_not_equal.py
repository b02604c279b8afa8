"""NOT_EQUAL on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import check_op, model_of
from hypothesis import given, settings
from int16s import many_pairs, stored
from one_op import random_array, run_op
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=60, deadline=None)
@given(x=stored(1e-4, 0.999), y=stored(1e-4, 0.999), seed=SEEDS)
def test_operands_are_compared_by_what_they_stand_for(x: Any, y: Any, seed: int) -> None:
    check_op("NOT_EQUAL", many_pairs(seed), "bool", x, y, {}, version=2)


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(4, 4), x=stored(1e-4, 0.999), seed=SEEDS)
def test_operands_are_broadcast(pair: Any, x: Any, seed: int) -> None:
    arrays = [random_array("int16", shape, seed + i, 0, 3) for i, shape in enumerate(pair)]
    check_op("NOT_EQUAL", arrays, "bool", x, x, {}, version=2)


def test_a_scale_that_litert_dies_of_is_refused() -> None:
    x = {"scale": 1.0, "zero_point": 0}
    check_op(
        "NOT_EQUAL", many_pairs(1), "bool", x, x, {}, version=2, expect_refusal="scales below 1, found 1"
    )


def test_operands_without_scales_are_compared_as_they_are_though_litert_leaves_them() -> None:
    arrays = [np.int16([1, 2, 3]), np.int16([1, -2, 3])]
    graph = model_of("NOT_EQUAL", arrays, "bool").subgraphs[0]
    (y,) = run_op(graph.ops[0], graph, arrays)
    assert y.tolist() == [False, True, False]
