"""SIGN against LiteRT."""

from __future__ import annotations

from elementwise import SPECIAL, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(["float32", "float64", "int32"]), seed=SEEDS)
def test_each_type_is_computed(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    check_op("SIGN", [random_array(dtype, shape, seed)], dtype)


def test_infinities_and_nan_go_through() -> None:
    check_op("SIGN", [SPECIAL], "float32")
