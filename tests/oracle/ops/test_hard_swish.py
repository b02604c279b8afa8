"""HARD_SWISH against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import EIGHT_BIT, SPECIAL, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 6), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("float32", shape, seed, -6, 6)
    check_op("HARD_SWISH", [x], "float32", exact64=_exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("HARD_SWISH", [SPECIAL], "float32")


@settings(max_examples=80, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), data=st.data())
def test_every_stored_value_is_bit_for_bit(dtype: str, data: Any) -> None:
    stored = [data.draw(quantizations(dtype, 0.0001, 1000.0)) for _ in range(2)]
    check_op("HARD_SWISH", [all_values(dtype)], dtype, *stored, version=1)


def test_8_bits_without_a_scale_are_refused() -> None:
    x = np.zeros(2, np.int8)
    check_op("HARD_SWISH", [x], "int8", version=1, expect_refusal="one scale and zero point")


def test_an_output_finer_than_128th_of_the_input_is_refused() -> None:
    stored, fine = {"scale": 1.0, "zero_point": 0}, {"scale": 2.0**-8, "zero_point": 0}
    why = "an output scale of at least 1 / 128 of it"
    check_op("HARD_SWISH", [np.zeros(2, np.int8)], "int8", stored, fine, expect_refusal=why)


def _exact(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(x.astype(np.float64) * np.clip(x + 3.0, 0, 6) / 6)
