"""STABLEHLO_ADD against LiteRT."""

from __future__ import annotations

import numpy as np
from elementwise import all_special_pairs, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes

TYPES = "float32 float16 float64 int8 uint8 uint16 int32 uint32 int64 uint64 bool".split()


@settings(max_examples=40, deadline=None)
@given(shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(TYPES), seed=SEEDS)
def test_values_are_added(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    arrays = [random_array(dtype, shape, seed), random_array(dtype, shape, seed + 1)]
    check_op("STABLEHLO_ADD", arrays, dtype)


def test_infinities_and_nan_go_through() -> None:
    check_op("STABLEHLO_ADD", all_special_pairs(), "float32")


def test_operands_of_two_shapes_are_refused() -> None:
    arrays = [np.ones((2, 3), np.int32), np.ones((1, 3), np.int32)]
    check_op("STABLEHLO_ADD", arrays, "int32", expect_refusal="operands of one shape, found 2×3 and 1×3")
