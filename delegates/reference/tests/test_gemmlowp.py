"""The fixed-point functions against the real ones, and rounding written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from delegraph_reference import gemmlowp


def raw(values: list[float], integer_bits: int) -> np.ndarray:
    return np.array([round(v * 2 ** (31 - integer_bits)) for v in values], np.int64)


@pytest.mark.parametrize(
    ("a", "b", "product"),
    [
        (1 << 30, 1 << 30, 1 << 29),  # 1/2 * 1/2
        (-(1 << 30), 1 << 30, -(1 << 29)),
        (1, 1 << 30, 1),  # half a unit rounds up
        (-1, 1 << 30, 0),  # and so does minus half a unit
        (-(1 << 31), -(1 << 31), (1 << 31) - 1),  # -1 * -1 saturates
    ],
)
def test_high_mul_rounds_halves_up_and_saturates(a: int, b: int, product: int) -> None:
    assert gemmlowp.high_mul(np.array([a], np.int64), np.array([b], np.int64)).tolist() == [product]


def test_a_rounding_shift_takes_halves_away_from_zero() -> None:
    x = np.array([5, 6, 7, -5, -6, -7, 0], np.int64)
    assert gemmlowp.rounding_shift(x, 2).tolist() == [1, 2, 2, -1, -2, -2, 0]
    assert gemmlowp.rounding_shift(x, 0).tolist() == x.tolist()
    assert gemmlowp.rounding_shift(x, 40).tolist() == [0] * 7


def test_a_shift_beyond_the_type_is_what_x86_64_makes_of_it() -> None:
    x = np.array([0, 100, -100], np.int64)
    inside = gemmlowp.rounding_shift_anywhere(x, 3, bits=32)
    assert inside.tolist() == gemmlowp.rounding_shift(x, 3).tolist()
    # The mask of 33 ones is cut to 32, which is -1, and so is its half: what x leaves, x itself, exceeds it
    # unless it is negative. x is shifted by 33 - 32 = 1 bit.
    assert gemmlowp.rounding_shift_anywhere(x, 33, bits=32).tolist() == [0 + 1, 50 + 1, -50 + 0]


def test_leading_zeros_and_sign_bits_are_counted_in_32_bits() -> None:
    x = np.array([0, 1, 255, 256, 2**31 - 1, -1], np.int64)
    assert gemmlowp.leading_zeros(x).tolist() == [32, 31, 24, 23, 1, 0]
    y = np.array([0, 1, 255, -1, -255, -(2**31)], np.int64)
    assert gemmlowp.sign_bits(y).tolist() == [31, 30, 23, 31, 23, 0]


def test_exponentials_are_near() -> None:
    x = [0.0, -1e-6, -0.1, -0.25, -1.0, -2.5, -10.0, -31.9]
    got = gemmlowp.exp_of_negative(raw(x, 5)) / 2.0**31
    np.testing.assert_allclose(got, [math.exp(v) for v in x], atol=5e-7)


def test_reciprocals_are_near() -> None:
    x = [1.0, 1.5, 2.0, 3.7, 100.0, 4000.0]
    inverse, shift = gemmlowp.reciprocal(raw(x, 12), 12)
    np.testing.assert_allclose(inverse / 2.0**31 / 2.0**shift, [1 / v for v in x], rtol=1e-6)


def test_logarithms_are_near() -> None:
    x = [1.0, 1.001, 1.4, 2.0, 10.0, 1000.0, 4095.0]
    got = gemmlowp.log_above_one(raw(x, 12)) / 2.0**26
    np.testing.assert_allclose(got, [math.log(v) for v in x], atol=2e-5)


def test_inverse_square_roots_are_near() -> None:
    x = [0, 1, 2, 3, 100, 12345, 2**29, 2**31 - 1]
    multiplier, shift = gemmlowp.inverse_sqrt(np.array(x, np.int64))
    got = multiplier * 2.0 ** (shift - 31)
    np.testing.assert_allclose(got, [1 / math.sqrt(max(v, 1)) for v in x], rtol=2e-6)
