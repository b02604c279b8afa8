"""LEAKY_RELU against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import EIGHT_BIT, SPECIAL, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes

ALPHAS = st.floats(-2, 3, width=32)


@settings(max_examples=20, deadline=None)
@given(shape=shapes(0, 5, 0, 5), alpha=ALPHAS, seed=SEEDS)
def test_negative_values_are_multiplied(shape: tuple[int, ...], alpha: float, seed: int) -> None:
    check_op("LEAKY_RELU", [random_array("float32", shape, seed)], "float32", alpha=alpha)


def test_a_scalar_is_multiplied() -> None:
    """Slopes from 0 to 1, which are computed in another way, failed on a scalar."""
    check_op("LEAKY_RELU", [np.float32(-3).reshape(())], "float32", alpha=0.5)


def test_infinities_and_nan_go_through() -> None:
    check_op("LEAKY_RELU", [SPECIAL], "float32", alpha=0.25)


@settings(max_examples=60, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), alpha=ALPHAS, data=st.data())
def test_every_stored_value_is_bit_for_bit(dtype: str, alpha: float, data: Any) -> None:
    stored = [data.draw(quantizations(dtype, 1e-3, 100)) for _ in range(2)]
    check_op("LEAKY_RELU", [all_values(dtype)], dtype, *stored, alpha=alpha)


def test_8_bits_without_a_scale_are_refused() -> None:
    check_op("LEAKY_RELU", [np.zeros(2, np.int8)], "int8", expect_refusal="one scale and zero point")
