"""SELECT_V2 against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, broadcast_pairs

TYPES = "float32 float16 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool complex64".split()


@settings(max_examples=60, deadline=None)
@given(pair=broadcast_pairs(5, 4), dtype=st.sampled_from(TYPES), turn=st.integers(0, 2), seed=SEEDS)
def test_all_three_are_broadcast(pair: Any, dtype: str, turn: int, seed: int) -> None:
    three = [*pair, ()]
    shapes = three[turn:] + three[:turn]
    types = ["bool", dtype, dtype]
    arrays = [
        random_array(t, shape, seed + i) for i, (t, shape) in enumerate(zip(types, shapes, strict=True))
    ]
    check_op("SELECT_V2", arrays, dtype, rtol=0)
