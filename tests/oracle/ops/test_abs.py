"""ABS against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import SPECIAL, all_values, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import random_array
from strategies import SEEDS, quantizations, shapes


@settings(max_examples=30, deadline=None)
@given(shape=shapes(0, 5, 0, 5), dtype=st.sampled_from(["float32", "int32"]), seed=SEEDS)
def test_each_type_is_computed(shape: tuple[int, ...], dtype: str, seed: int) -> None:
    check_op("ABS", [random_array(dtype, shape, seed)], dtype)


def test_infinities_and_nan_go_through() -> None:
    check_op("ABS", [SPECIAL], "float32")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_stored_value_is_bit_for_bit(data: Any) -> None:
    stored = [data.draw(quantizations("int8", 1e-3, 100)) for _ in range(2)]
    check_op("ABS", [all_values("int8")], "int8", *stored, version=2)


def test_int8_without_a_scale_is_refused() -> None:
    check_op("ABS", [all_values("int8")], "int8", version=2, expect_refusal="one scale and zero point")
