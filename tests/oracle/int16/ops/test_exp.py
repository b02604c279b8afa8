"""EXP on int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import check_op
from hypothesis import given, settings
from int16s import all_int16, stored


@settings(max_examples=60, deadline=None)
@given(x=stored(1e-05, 0.01), y=stored(1e-05, 10))
def test_every_stored_value_is_bit_for_bit(x: Any, y: Any) -> None:
    check_op("EXP", [all_int16()], "int16", x, y, version=2)


def test_a_zero_point_is_refused_as_litert_does() -> None:
    x, why = {"scale": 0.1, "zero_point": 3}, "zero points of 0 on int16 tensors, found 3"
    check_op("EXP", [np.int16([1])], "int16", x, x, version=2, expect_refusal=why)
    assert check_op("EXP", [np.int16([1])], "int16", x, x, version=2) is None


def test_int16_without_a_scale_is_refused() -> None:
    check_op("EXP", [np.int16([1])], "int16", version=2, expect_refusal="one scale on each int16 tensor")
