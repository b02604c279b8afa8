"""IMAG against LiteRT."""

from __future__ import annotations

from elementwise import check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(0, 5, 0, 5), seed=SEEDS)
def test_the_part_is_taken(shape: tuple[int, ...], seed: int) -> None:
    check_op("IMAG", [random_array("complex64", shape, seed)], "float32")


def test_parts_of_64_bits_stay_so() -> None:
    check_op("IMAG", [random_array("complex128", (7,), seed=1)], "float64")
