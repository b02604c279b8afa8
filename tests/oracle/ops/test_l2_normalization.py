"""L2_NORMALIZATION against LiteRT."""

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
@given(shape=shapes(1, 6, 1, 5), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    def exact(x: np.ndarray) -> np.ndarray:
        norm = np.sqrt(np.square(x.astype(np.float64)).sum(-1, keepdims=True))
        return np.asarray(x / np.maximum(norm, 1e-6))

    check_op("L2_NORMALIZATION", [random_array("float32", shape, seed)], "float32", exact64=exact)


def test_a_row_of_zeros_stays_zero() -> None:
    check_op("L2_NORMALIZATION", [np.float32([[0, 0], [1e-7, 0], [3, 4]])], "float32")


@settings(max_examples=80, deadline=None)
@given(
    dtype=st.sampled_from(EIGHT_BIT),
    shape=shapes(0, 5, 1, 3),
    depth=st.sampled_from([1, 2, 10, 1000, 9000]),
    data=st.data(),
    seed=SEEDS,
)
def test_stored_values_are_bit_for_bit(
    dtype: str, shape: tuple[int, ...], depth: int, data: Any, seed: int
) -> None:
    stored = data.draw(quantizations(dtype))
    out = {"scale": 1 / 128, "zero_point": 128 * (dtype == "uint8")}
    x = random_array(dtype, (*shape, depth), seed, zero_point=stored["zero_point"])
    check_op("L2_NORMALIZATION", [x], dtype, stored, out, version=2)


@pytest.mark.parametrize(
    ("shape", "out", "activation", "why"),
    [
        ((3,), {"scale": 1 / 64, "zero_point": 0}, "NONE", "an output scale of 1 / 128"),
        ((3,), {"scale": 1 / 128, "zero_point": 0}, "RELU", "no fused activation"),
        ((), {"scale": 1 / 128, "zero_point": 0}, "NONE", "found a scalar"),
        ((3,), {}, "NONE", "one scale and zero point on each 8-bit tensor"),
    ],
)
def test_what_litert_cannot_prepare_is_refused(
    shape: tuple[int, ...], out: Any, activation: str, why: str
) -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    options = {"version": 2, "fused_activation_function": activation}
    check_op(
        "L2_NORMALIZATION", [np.zeros(shape, np.int8)], "int8", stored, out, expect_refusal=why, **options
    )
