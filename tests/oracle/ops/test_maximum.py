"""MAXIMUM against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import all_special_pairs, check_bfloat16, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, broadcast_pairs


@settings(max_examples=60, deadline=None)
@given(
    pair=broadcast_pairs(6, 4),
    dtype=st.sampled_from(["float32", "float16", "int8", "uint8", "int32", "int64"]),
    seed=SEEDS,
)
def test_numbers_are_broadcast(pair: Any, dtype: str, seed: int) -> None:
    check_op("MAXIMUM", [random_array(dtype, shape, seed + i) for i, shape in enumerate(pair)], dtype)


def test_next_to_nan_the_second_operand_is_taken() -> None:
    check_op("MAXIMUM", all_special_pairs(), "float32")


@settings(max_examples=10, deadline=None)
@given(pair=broadcast_pairs(4, 4), seed=SEEDS)
def test_bfloat16_is_compared(pair: Any, seed: int) -> None:
    check_bfloat16("MAXIMUM", [random_array("float32", shape, seed + i) for i, shape in enumerate(pair)])


def test_stored_values_are_compared_whatever_their_scales() -> None:
    stored = (
        {"scale": 0.5, "zero_point": 3},
        {"scale": 2.0, "zero_point": -7},
        {"scale": 0.1, "zero_point": 0},
    )
    arrays = [random_array("int8", (200,), seed) for seed in (1, 2)]
    check_op("MAXIMUM", arrays, "int8", *stored, version=2)
