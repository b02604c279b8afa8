"""LOGICAL_NOT against LiteRT."""

from __future__ import annotations

from elementwise import check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(0, 5, 0, 5), seed=SEEDS)
def test_truths_are_turned(shape: tuple[int, ...], seed: int) -> None:
    check_op("LOGICAL_NOT", [random_array("bool", shape, seed)], "bool")
