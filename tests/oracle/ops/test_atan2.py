"""ATAN2 against LiteRT."""

from __future__ import annotations

import numpy as np
from elementwise import all_special_pairs, check_bfloat16, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(["float32", "float16", "float64"]), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(
    shape: tuple[int, ...], dtype: str, seed: int
) -> None:
    arrays = [random_array(dtype, shape, seed + i) for i in range(2)]
    check_op("ATAN2", arrays, dtype, exact64=None if dtype == "float16" else _exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("ATAN2", all_special_pairs(), "float32")


def test_bfloat16_is_rounded_once() -> None:
    check_bfloat16("ATAN2", [random_array("float32", (300,), seed) for seed in (1, 2)])


def test_operands_of_two_shapes_are_refused() -> None:
    arrays = [np.ones((2, 3), np.float32), np.ones((1, 3), np.float32)]
    check_op("ATAN2", arrays, "float32", expect_refusal="operands of one shape, found 2×3 and 1×3")


def _exact(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.asarray(np.arctan2(y, x, dtype=np.float64))
