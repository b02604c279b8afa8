"""POW on int16 against exp(y ln x) with 80 digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from rational import real, rounded, run, scales, values, with_digits


def power(x: Fraction, y: Fraction) -> Fraction | Decimal:
    if x == 0 or y == 0 or y.denominator == 1:
        return x ** int(y)
    return with_digits(lambda a, b: (a.ln() * b).exp(), x, y)


@settings(max_examples=80)
@given(x=values(12, 1), y=values(12, -300, 300), x_scale=scales(1e-4, 1e-2), out=scales(1e-4, 1.0))
def test_powers_of_positive_numbers_are_rounded_once(
    x: np.ndarray, y: np.ndarray, x_scale: float, out: float
) -> None:
    found = run("POW", [x, y], x_scale, 0.01, out)
    real_y = [real(q, float(np.float32(0.01))) for q in y]
    expected = [rounded(power(real(a, x_scale), b), out) for a, b in zip(x, real_y, strict=True)]
    assert found.tolist() == expected


@pytest.mark.parametrize("exponent", [2, 3, -1])
@settings(max_examples=30)
@given(x=values(12, 1), x_scale=scales(1e-4, 1e-2), sign=scales(0.5, 0.5))
def test_a_constant_exponent_is_a_table(exponent: int, x: np.ndarray, x_scale: float, sign: float) -> None:
    arrays = [np.concatenate([x, -x]), np.int16(exponent).reshape(())]
    found = run("POW", arrays, x_scale, 1.0, 0.001, constants=(1,))
    scale = float(np.float32(0.001))
    assert found.tolist() == [rounded(real(a, x_scale) ** exponent, scale) for a in arrays[0]]


def test_what_no_real_number_is_becomes_0_and_infinity_saturates() -> None:
    x, y = np.int16([-4, 0, 0, -8]), np.int16([1, -2, 0, 6])
    assert run("POW", [x, y], 1.0, 0.5, 1.0).tolist() == [0, 32767, 1, -512]
