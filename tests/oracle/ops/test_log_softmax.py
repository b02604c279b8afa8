"""LOG_SOFTMAX against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import EIGHT_BIT, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 5, 1, 7), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    def exact(x: np.ndarray) -> np.ndarray:
        y = x.astype(np.float64) - x.max(-1, keepdims=True)
        return np.asarray(y - np.log(np.exp(y).sum(-1, keepdims=True)))

    check_op("LOG_SOFTMAX", [random_array("float32", shape, seed)], "float32", exact64=exact)


@settings(max_examples=80, deadline=None)
@given(
    dtype=st.sampled_from(EIGHT_BIT),
    depth=st.sampled_from([1, 2, 10, 100, 400]),
    data=st.data(),
    seed=SEEDS,
)
def test_stored_values_are_bit_for_bit(dtype: str, depth: int, data: Any, seed: int) -> None:
    stored = data.draw(quantizations(dtype, 1e-3, 10))
    out = {"scale": 1 / 16, "zero_point": np.iinfo(dtype).max}
    check_op("LOG_SOFTMAX", [random_array(dtype, (3, depth), seed)], dtype, stored, out, version=2)


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ({"scale": 1 / 8, "zero_point": 127}, "an output scale of 1 / 16"),
        ({"scale": 1 / 16, "zero_point": 0}, "found 0.0625, 0"),
        ({}, "one scale and zero point on each 8-bit tensor"),
    ],
)
def test_what_litert_cannot_prepare_is_refused(out: Any, why: str) -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    check_op("LOG_SOFTMAX", [np.zeros(3, np.int8)], "int8", stored, out, version=2, expect_refusal=why)
