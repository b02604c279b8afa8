"""COMPLEX_ABS against LiteRT."""

from __future__ import annotations

import numpy as np
from elementwise import check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 5), seed=SEEDS)
def test_lengths_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("complex64", shape, seed)
    check_op("COMPLEX_ABS", [x], "float32", exact64=lambda x: np.asarray(np.abs(x.astype(np.complex128))))


def test_large_numbers_do_not_overflow_in_between() -> None:
    check_op("COMPLEX_ABS", [np.complex64([3e30 + 4e30j, complex(np.inf, np.nan), 1e-40])], "float32")


def test_parts_of_64_bits_stay_so() -> None:
    check_op("COMPLEX_ABS", [random_array("complex128", (7,), seed=1)], "float64")
