"""LEAKY_RELU of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import all_int16, stored


@settings(max_examples=80, deadline=None)
@given(x=stored(1e-5, 1), y=stored(1e-4, 1), alpha=st.sampled_from([0.0, 0.01, 0.3, 1.0, 2.5]))
def test_every_stored_value_is_bit_for_bit(x: Any, y: Any, alpha: float) -> None:
    check_op("LEAKY_RELU", [all_int16()], "int16", x, y, alpha=alpha)


def test_a_factor_beyond_int32_is_refused() -> None:
    coarse, fine = {"scale": 1.0, "zero_point": 0}, {"scale": 2.0**-14, "zero_point": 0}
    why = "an alpha whose rescaling factor keeps a value within int32, found a factor of 3.28e+04"
    check_op("LEAKY_RELU", [all_int16()], "int16", coarse, fine, alpha=2.0, expect_refusal=why)
