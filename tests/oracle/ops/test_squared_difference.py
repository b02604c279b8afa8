"""SQUARED_DIFFERENCE against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import all_pairs, all_special_pairs, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, broadcast_pairs, quantizations


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(6, 4), dtype=st.sampled_from(["float32", "int32"]), seed=SEEDS)
def test_numbers_are_broadcast(pair: Any, dtype: str, seed: int) -> None:
    check_op("SQUARED_DIFFERENCE", [random_array(dtype, s, seed + i) for i, s in enumerate(pair)], dtype)


def test_infinities_and_nan_go_through() -> None:
    check_op("SQUARED_DIFFERENCE", all_special_pairs(), "float32")


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_pair_of_stored_values_is_bit_for_bit(data: Any) -> None:
    stored = [data.draw(quantizations("int8", 1e-3, 10)) for _ in range(3)]
    check_op("SQUARED_DIFFERENCE", all_pairs("int8"), "int8", *stored, version=2)


def test_int8_without_a_scale_is_refused() -> None:
    why = "one scale and zero point"
    check_op("SQUARED_DIFFERENCE", all_pairs("int8"), "int8", version=2, expect_refusal=why)


def test_a_rescaling_factor_of_1_or_more_is_refused() -> None:
    coarse, fine = {"scale": 64.0, "zero_point": 0}, {"scale": 1.0, "zero_point": 0}
    arrays, why = [np.ones(1, np.int8)] * 2, "a factor of 1"
    check_op("SQUARED_DIFFERENCE", arrays, "int8", coarse, coarse, fine, version=2, expect_refusal=why)
