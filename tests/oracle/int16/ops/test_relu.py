"""RELU of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import check_op
from hypothesis import given, settings
from int16s import all_int16, stored


@settings(max_examples=80, deadline=None)
@given(x=stored(1e-5, 1), y=stored(1e-4, 1))
def test_every_stored_value_is_bit_for_bit(x: Any, y: Any) -> None:
    check_op("RELU", [all_int16()], "int16", x, y)


def test_a_factor_beyond_int32_is_refused() -> None:
    coarse, fine = {"scale": 1.0, "zero_point": 0}, {"scale": 2.0**-16, "zero_point": 0}
    why = "keeps a value within int32, found a factor of 6.55e+04"
    check_op("RELU", [all_int16()], "int16", coarse, fine, expect_refusal=why)


def test_a_zero_point_is_refused_as_litert_does() -> None:
    stored = {"scale": 0.1, "zero_point": 3}
    assert check_op("RELU", [np.int16([1])], "int16", stored, stored) is None
    why = "needs zero points of 0 on int16 tensors, found 3"
    check_op("RELU", [np.int16([1])], "int16", stored, stored, expect_refusal=why)
