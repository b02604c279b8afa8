"""CEIL against LiteRT."""

from __future__ import annotations

from elementwise import DEFAULT, SPECIAL, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(["float32"]), seed=SEEDS)
def test_each_type_is_computed(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    check_op("CEIL", [random_array(dtype, shape, seed)], dtype, resolver=DEFAULT)


def test_infinities_and_nan_go_through() -> None:
    check_op("CEIL", [SPECIAL], "float32", resolver=DEFAULT)
