"""RELU_N1_TO_1 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import EIGHT_BIT, SPECIAL, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=20, deadline=None)
@given(shape=shapes(0, 5, 0, 5), seed=SEEDS)
def test_real_values_are_clipped(shape: tuple[int, ...], seed: int) -> None:
    check_op("RELU_N1_TO_1", [random_array("float32", shape, seed)], "float32")


def test_infinities_are_clipped_and_nan_stays() -> None:
    check_op("RELU_N1_TO_1", [SPECIAL], "float32")


@settings(max_examples=60, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), data=st.data())
def test_every_stored_value_is_bit_for_bit(dtype: str, data: Any) -> None:
    stored = [data.draw(quantizations(dtype, 1e-3, 100)) for _ in range(2)]
    check_op("RELU_N1_TO_1", [all_values(dtype)], dtype, *stored, version=1)


def test_8_bits_without_a_scale_are_refused() -> None:
    check_op(
        "RELU_N1_TO_1", [np.zeros(2, np.int8)], "int8", version=1, expect_refusal="one scale and zero point"
    )
