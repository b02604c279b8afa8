"""TANH of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from elementwise import check_op
from hypothesis import given, settings
from int16s import all_int16, stored

OUT = {"scale": 2.0**-15, "zero_point": 0}


@settings(max_examples=60, deadline=None)
@given(x=stored(1e-9, 1))
def test_every_stored_value_is_bit_for_bit(x: Any) -> None:
    check_op("TANH", [all_int16()], "int16", x, OUT)


@pytest.mark.parametrize("power", [-15, -13, -12, -11, -10, -3, 0])
@pytest.mark.parametrize("off", [1.0, 1.0005, 0.9995, 1.001])
def test_scales_near_powers_of_two_are_bit_for_bit(power: int, off: float) -> None:
    check_op("TANH", [all_int16()], "int16", {"scale": 2.0**power * off, "zero_point": 0}, OUT)


def test_another_output_scale_is_refused_as_litert_does() -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    assert check_op("TANH", [np.int16([1])], "int16", stored, stored) is None
    why = "needs an output scale of 1 / 32768, found 0.1"
    check_op("TANH", [np.int16([1])], "int16", stored, stored, expect_refusal=why)
