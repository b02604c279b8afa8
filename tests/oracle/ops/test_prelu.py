"""PRELU against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import EIGHT_BIT, all_pairs, all_special_pairs, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, broadcast_pairs, quantizations


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(6, 4), seed=SEEDS)
def test_alpha_is_broadcast(pair: Any, seed: int) -> None:
    x = random_array("float32", np.broadcast_shapes(*pair), seed)
    check_op("PRELU", [x, random_array("float32", pair[1], seed + 1)], "float32")


def test_infinities_and_nan_go_through() -> None:
    check_op("PRELU", all_special_pairs(), "float32")


@settings(max_examples=40, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), data=st.data())
def test_every_pair_of_stored_values_is_bit_for_bit(dtype: str, data: Any) -> None:
    check_op(
        "PRELU", all_pairs(dtype), dtype, *(data.draw(quantizations(dtype, 1e-2, 10)) for _ in range(3))
    )


def test_an_alpha_larger_than_the_input_is_refused() -> None:
    x, alpha = np.ones((1, 3), np.float32), np.ones((2, 3), np.float32)
    check_op("PRELU", [x, alpha], "float32", expect_refusal="an alpha that broadcasts to the input's shape")


@pytest.mark.parametrize("dtype", EIGHT_BIT)
def test_8_bits_without_a_scale_are_refused(dtype: str) -> None:
    check_op("PRELU", all_pairs(dtype), dtype, expect_refusal="one scale and zero point")
