"""RIGHT_SHIFT against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=40, deadline=None)
@given(
    pair=broadcast_pairs(6, 4),
    dtype=st.sampled_from(["int8", "uint8", "uint16", "int32", "uint32"]),
    seed=SEEDS,
)
def test_numbers_of_bits_are_kept_within_the_type(pair: Any, dtype: str, seed: int) -> None:
    x = random_array(dtype, pair[0], seed)
    low = -3 if dtype.startswith("i") else 0
    bits = random_array(dtype, pair[1], seed + 1, low, 40)
    check_op("RIGHT_SHIFT", [x, bits], dtype)
