"""STABLEHLO_SHIFT_LEFT on int16 against LiteRT."""

from __future__ import annotations

from elementwise import DEFAULT, check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=40, deadline=None)
@given(shape=shapes(0, 5, 0, 5), seed=SEEDS)
def test_bits_move_left(shape: tuple[int, ...], seed: int) -> None:
    arrays = [random_array("int16", shape, seed), random_array("int16", shape, seed + 1, 0, 15)]
    check_op("STABLEHLO_SHIFT_LEFT", arrays, "int16", resolver=DEFAULT)
