"""RIGHT_SHIFT on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_values_are_broadcast(pair: Any, seed: int) -> None:
    x, y = random_array("int16", pair[0], seed), random_array("int16", pair[1], seed + 1, -3, 40)
    check_op("RIGHT_SHIFT", [x, y], "int16")
