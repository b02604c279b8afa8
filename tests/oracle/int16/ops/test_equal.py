"""EQUAL on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from int16s import many_pairs, stored
from one_op import random_array
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=60, deadline=None)
@given(x=stored(1e-4, 0.999), y=stored(1e-4, 0.999), seed=SEEDS)
def test_operands_are_compared_by_what_they_stand_for(x: Any, y: Any, seed: int) -> None:
    check_op("EQUAL", many_pairs(seed), "bool", x, y, {}, version=2)


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(4, 4), x=stored(1e-4, 0.999), seed=SEEDS)
def test_operands_are_broadcast(pair: Any, x: Any, seed: int) -> None:
    arrays = [random_array("int16", shape, seed + i, 0, 3) for i, shape in enumerate(pair)]
    check_op("EQUAL", arrays, "bool", x, x, {}, version=2)


def test_a_scale_that_litert_dies_of_is_refused() -> None:
    x = {"scale": 1.0, "zero_point": 0}
    check_op("EQUAL", many_pairs(1), "bool", x, x, {}, version=2, expect_refusal="scales below 1, found 1")


def test_operands_without_scales_are_compared_as_they_are() -> None:
    arrays = [random_array("int16", (50,), seed, 0, 3) for seed in (1, 2)]
    check_op("EQUAL", arrays, "bool", version=5, resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES")
