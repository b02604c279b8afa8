"""ROUND against LiteRT."""

from __future__ import annotations

from elementwise import DEFAULT, SPECIAL, all_halves, check_bfloat16, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(["float32", "float16"]), seed=SEEDS)
def test_each_type_is_computed(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    check_op("ROUND", [random_array(dtype, shape, seed)], dtype, resolver=DEFAULT)


def test_infinities_and_nan_go_through() -> None:
    check_op("ROUND", [SPECIAL], "float32", resolver=DEFAULT)


def test_every_float16_is_bit_for_bit() -> None:
    check_op("ROUND", [all_halves()], "float16", resolver=DEFAULT, rtol=0)


def test_bfloat16_is_rounded() -> None:
    check_bfloat16("ROUND", [random_array("float32", (300,), seed=1)], resolver=DEFAULT)
