"""LOGISTIC against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import EIGHT_BIT, SPECIAL, all_halves, all_values, check_bfloat16, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(1, 5, 1, 6), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("float32", shape, seed, -100, 100)
    x.flat[0] = 1  # LiteRT 2.3.0 has exp(x) below -9: near, but only beside a value of this size
    check_op("LOGISTIC", [x], "float32", exact64=_exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("LOGISTIC", [SPECIAL], "float32")


@settings(max_examples=80, deadline=None)
@given(dtype=st.sampled_from(EIGHT_BIT), data=st.data())
def test_every_stored_value_is_bit_for_bit(dtype: str, data: Any) -> None:
    stored, out = data.draw(quantizations(dtype, 0.001, 10)), data.draw(quantizations(dtype))
    check_op("LOGISTIC", [all_values(dtype)], dtype, stored, out | {"scale": 1 / 256}, version=2)


def test_8_bits_without_a_scale_are_refused() -> None:
    x = np.zeros(2, np.int8)
    check_op("LOGISTIC", [x], "int8", version=2, expect_refusal="one scale and zero point")


def test_every_float16_is_near() -> None:
    check_op("LOGISTIC", [all_halves()], "float16")


def test_bfloat16_is_rounded_once() -> None:
    check_bfloat16("LOGISTIC", [np.append(random_array("float32", (500,), seed=1), SPECIAL)], version=1)


def test_an_output_scale_other_than_1_256_is_refused() -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    check_op(
        "LOGISTIC",
        [np.zeros(2, np.int8)],
        "int8",
        stored,
        stored,
        expect_refusal="an output scale of 1 / 256",
    )


def _exact(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(1 / (1 + np.exp(-x.astype(np.float64))))
