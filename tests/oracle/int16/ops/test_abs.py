"""ABS on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

from elementwise import DEFAULT, check_op
from hypothesis import example, given, settings
from int16s import all_int16, stored


@settings(max_examples=60, deadline=None)
@given(x=stored(1e-6, 1), y=stored(1e-4, 1))
@example(x={"scale": 0.5, "zero_point": 0}, y={"scale": 0.5, "zero_point": 0})
def test_every_stored_value_is_bit_for_bit(x: Any, y: Any) -> None:
    check_op("ABS", [all_int16()], "int16", x, y, version=3)


def test_without_scales_the_smallest_value_wraps() -> None:
    (y,) = check_op("ABS", [all_int16()], "int16", version=5, resolver=DEFAULT) or []
    assert y.min() == -32768


def test_a_factor_beyond_int32_is_refused() -> None:
    coarse, fine = {"scale": 1.0, "zero_point": 0}, {"scale": 2.0**-15, "zero_point": 0}
    why = "keeps a value within int32, found a factor of 3.28e+04"
    check_op("ABS", [all_int16()], "int16", coarse, fine, version=3, expect_refusal=why)
