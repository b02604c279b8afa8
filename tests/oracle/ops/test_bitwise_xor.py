"""BITWISE_XOR against LiteRT."""

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
def test_bits_that_differ_are_set(pair: Any, dtype: str, seed: int) -> None:
    arrays = [random_array(dtype, shape, seed + i) for i, shape in enumerate(pair)]
    check_op("BITWISE_XOR", arrays, dtype)
