"""SIN against LiteRT."""

from __future__ import annotations

import numpy as np
from elementwise import DEFAULT, SPECIAL, all_halves, check_op
from hypothesis import given, settings
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 6), seed=SEEDS)
def test_floats_are_as_near_to_the_truth_as_litert_has_them(shape: tuple[int, ...], seed: int) -> None:
    x = random_array("float32", shape, seed, -50, 50)
    check_op("SIN", [x], "float32", exact64=_exact)


def test_infinities_and_nan_go_through() -> None:
    check_op("SIN", [SPECIAL], "float32")


def test_every_float16_is_bit_for_bit() -> None:
    check_op("SIN", [all_halves()], "float16", version=2, resolver=DEFAULT, rtol=0)


def _exact(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(np.sin(x.astype(np.float64)))
