"""LESS_EQUAL against LiteRT."""

from __future__ import annotations

from typing import Any

import pytest
from elementwise import EIGHT_BIT, all_pairs, all_special_pairs, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, broadcast_pairs, quantizations

TYPES = ["float32", "float16", "int32", "int64"]


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(6, 4), dtype=st.sampled_from(TYPES), seed=SEEDS)
def test_numbers_are_broadcast(pair: Any, dtype: str, seed: int) -> None:
    check_op(
        "LESS_EQUAL", [random_array(dtype, shape, seed + i, 0, 3) for i, shape in enumerate(pair)], "bool"
    )


def test_infinities_and_nan_are_compared() -> None:
    check_op("LESS_EQUAL", all_special_pairs(), "bool")


@settings(max_examples=30, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), data=st.data())
def test_every_pair_of_stored_values_is_compared_as_litert_does(dtype: str, data: Any) -> None:
    stored = [data.draw(quantizations(dtype, 1e-3, 0.999)) for _ in range(2)]
    check_op("LESS_EQUAL", all_pairs(dtype), "bool", *stored, {}, version=2)


@pytest.mark.parametrize(
    ("scale", "why"), [(1.0, "scales below 1, found 1"), (None, "one scale and zero point")]
)
def test_scales_that_litert_cannot_compare_are_refused(scale: float | None, why: str) -> None:
    stored = {} if scale is None else {"scale": scale, "zero_point": 0}
    check_op("LESS_EQUAL", all_pairs("int8"), "bool", stored, stored, {}, version=2, expect_refusal=why)
