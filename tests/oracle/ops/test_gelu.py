"""GELU against LiteRT."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from elementwise import DEFAULT, EIGHT_BIT, SPECIAL, all_halves, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 5, 1, 6), approximate=st.booleans(), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(
    shape: tuple[int, ...], approximate: bool, seed: int
) -> None:
    x = random_array("float32", shape, seed, -6, 6)
    x.flat[0] = (
        6  # 1 + tanh(x) cancels where x is negative: what is left is noise beside a value of this size
    )
    check_op("GELU", [x], "float32", approximate=approximate, exact64=_by_tanh if approximate else _by_erfc)


@pytest.mark.parametrize("approximate", [False, True])
def test_infinities_and_nan_go_through(approximate: bool) -> None:
    check_op("GELU", [SPECIAL], "float32", approximate=approximate)


@pytest.mark.parametrize("approximate", [False, True])
def test_every_float16_is_rounded_after_each_step(approximate: bool) -> None:
    halves = all_halves()
    x = halves[np.abs(halves) < 100]
    check_op("GELU", [x], "float16", version=3, approximate=approximate, resolver=DEFAULT, rtol=0)


@settings(max_examples=80, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), approximate=st.booleans(), data=st.data())
def test_every_stored_value_is_bit_for_bit(dtype: str, approximate: bool, data: Any) -> None:
    stored = [data.draw(quantizations(dtype, 1e-3, 10)) for _ in range(2)]
    check_op("GELU", [all_values(dtype)], dtype, *stored, version=2, approximate=approximate)


def test_8_bits_without_a_scale_are_refused() -> None:
    check_op("GELU", [np.zeros(2, np.int8)], "int8", version=2, expect_refusal="one scale and zero point")


def _by_erfc(x: np.ndarray) -> np.ndarray:
    wide = x.astype(np.float64)
    return np.asarray(0.5 * wide * np.vectorize(math.erfc, otypes=[float])(-wide / math.sqrt(2)))


def _by_tanh(x: np.ndarray) -> np.ndarray:
    wide = x.astype(np.float64)
    return np.asarray(0.5 * wide * (1 + np.tanh(math.sqrt(2 / math.pi) * (wide + 0.044715 * wide**3))))
