"""LOGICAL_AND against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_truths_are_broadcast(pair: Any, seed: int) -> None:
    check_op("LOGICAL_AND", [random_array("bool", shape, seed + i) for i, shape in enumerate(pair)], "bool")
