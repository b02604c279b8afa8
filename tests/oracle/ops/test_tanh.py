"""TANH against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import EIGHT_BIT, SPECIAL, all_halves, all_values, check_bfloat16, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 6), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("float32", shape, seed, -12, 12)
    check_op("TANH", [x], "float32", exact64=_exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("TANH", [SPECIAL], "float32")


@settings(max_examples=80, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), data=st.data())
def test_every_stored_value_is_bit_for_bit(dtype: str, data: Any) -> None:
    stored = [data.draw(quantizations(dtype, 0.001, 10)) for _ in range(2)]
    check_op("TANH", [all_values(dtype)], dtype, *stored, version=2)


def test_8_bits_without_a_scale_are_refused() -> None:
    x = np.zeros(2, np.int8)
    check_op("TANH", [x], "int8", version=2, expect_refusal="one scale and zero point")


def test_every_float16_is_bit_for_bit() -> None:
    check_op("TANH", [all_halves()], "float16", version=1, rtol=0)


def test_bfloat16_is_rounded_once() -> None:
    check_bfloat16("TANH", [np.append(random_array("float32", (500,), seed=1), SPECIAL)], version=1)


def _exact(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(np.tanh(x.astype(np.float64)))
