"""MAXIMUM on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from int16s import many_pairs
from one_op import random_array
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_values_are_broadcast(pair: Any, seed: int) -> None:
    x, y = random_array("int16", pair[0], seed), random_array("int16", pair[1], seed + 1)
    check_op("MAXIMUM", [x, y], "int16")


def test_scales_have_no_say_as_in_litert() -> None:
    stored = [{"scale": scale, "zero_point": 0} for scale in (0.1, 0.2)]
    check_op("MAXIMUM", many_pairs(2), "int16", *stored, stored[0], version=1)
