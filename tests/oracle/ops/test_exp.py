"""EXP against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import SPECIAL, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 6), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("float32", shape, seed, -80, 80)
    check_op("EXP", [x], "float32", exact64=_exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("EXP", [SPECIAL], "float32")


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_every_stored_value_is_bit_for_bit(data: Any) -> None:
    stored = [data.draw(quantizations("int8", 0.001, 1)) for _ in range(2)]
    check_op("EXP", [all_values("int8")], "int8", *stored, version=2)


def test_8_bits_without_a_scale_are_refused() -> None:
    x = np.zeros(2, np.int8)
    check_op("EXP", [x], "int8", version=2, expect_refusal="one scale and zero point")


def _exact(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(np.exp(x.astype(np.float64)))
