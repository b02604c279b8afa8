"""Logistic function and hyperbolic tangent of 16-bit fixed-point numbers, as integer LSTMs have them.

A number Qn is an int16 that stands for ``raw * 2**(n - 15)``: n bits before the point, 15 - n behind it.
There are only 65536 of them, so both functions are tables, made when they are first asked for.

Source: gemmlowp/fixedpoint/fixedpoint.h, with int16_t as its raw type.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .gemmlowp import rounding_shift

MIN, MAX = -(1 << 15), (1 << 15) - 1


@cache
def logistic_table() -> np.ndarray:
    """Return the logistic function of every Q3 as a Q0, int32, in the order of the argument's bits."""
    x = _every_value()
    upper = _one_over_one_plus(_exp_of_negative(_negative(np.where(x > 0, x, _negative(x))), 3))
    y = np.where(x > 0, upper, MAX - upper)
    return np.asarray(np.where(x == 0, _constant(1 << 30), y), np.int32)


@cache
def tanh_table(integer_bits: int) -> np.ndarray:
    """Return the hyperbolic tangent of every Q(integer_bits) as a Q0, int32, in the order of its bits."""
    x = _every_value()
    # tanh(-a) = (exp(-2a) - 1) / (exp(-2a) + 1); the same bits with one more before the point are 2a.
    y = _one_minus_over_one_plus(_exp_of_negative(np.where(x < 0, x, _negative(x)), integer_bits + 1))
    return np.asarray(np.where(x == 0, 0, np.where(x < 0, -y, y)), np.int32)


def look_up(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the table's entries for an array of whole numbers in int16's range."""
    return table.take(x.astype(np.int16).view(np.uint16))


def saturated(x: np.ndarray) -> np.ndarray:
    """Return the values with those beyond int16 moved to its ends."""
    return x.clip(MIN, MAX)


def product(a: np.ndarray, b: np.ndarray | int) -> np.ndarray:
    """Return a * b / 2**15, rounded, halves upward: the Q(m + n) of a Qm and a Qn."""
    return np.asarray(np.minimum((a * b + (1 << 14)) >> 15, MAX))


def _every_value() -> np.ndarray:
    return np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int64)


def _negative(x: np.ndarray) -> np.ndarray:
    """Return -x; the smallest number has no opposite and stays."""
    return np.where(x == MIN, x, -x)


def _constant(q31: int) -> int:
    """Return a 32-bit constant rounded to 16 bits."""
    return int(rounding_shift(np.int64(q31), 16))


def _exp_of_negative(x: np.ndarray, integer_bits: int) -> np.ndarray:
    """Return exp(x) as a Q0 for x <= 0, a Q(integer_bits).

    x = rest - k / 4 with rest in [-1/4, 0): a polynomial for the rest, and a factor for each bit of k.
    """
    fraction_bits = 15 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    rest = (x & (quarter - 1)) - quarter
    y = _exp_near_minus_an_eighth(saturated(rest << integer_bits))
    for power, factor in enumerate(_EXP_OF_MINUS_POWERS, start=-2):
        if integer_bits > power:
            bit = (rest - x) >> (fraction_bits + power) & 1
            y = np.where(bit, product(y, _constant(factor)), y)
    if integer_bits > 5:
        y = np.where(x < -(32 << fraction_bits), 0, y)
    return np.where(x == 0, MAX, y)


def _exp_near_minus_an_eighth(a: np.ndarray) -> np.ndarray:
    """Return exp(a) for a in [-1/4, 0), both Q0, by its Taylor series around -1/8."""
    x = a + (1 << 12)
    x2 = product(x, x)
    x3 = product(x2, x)
    x4_over_4 = rounding_shift(product(x2, x2), 2)
    higher = rounding_shift(product(x4_over_4 + x3, _constant(_ONE_THIRD)) + x2, 1)
    start = _constant(_EXP_OF_MINUS_AN_EIGHTH)
    return saturated(start + product(x + higher, start))


def _one_over_one_plus(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + x) as a Q0 for a Q0 in [0, 1]."""
    return saturated(_two_over_one_plus(x) << 1)


def _one_minus_over_one_plus(x: np.ndarray) -> np.ndarray:
    """Return (1 - x) / (1 + x) as a Q0 for a Q0 in [0, 1]."""
    return saturated((_two_over_one_plus(x) - (1 << 13)) << 2)


def _two_over_one_plus(x: np.ndarray) -> np.ndarray:
    """Return 2 / (1 + x) as a Q2: three steps of Newton's method."""
    half = (x + MAX + 1) >> 1  # (x + 1) / 2
    y = _constant(_48_OVER_17) + product(half, _constant(_MINUS_32_OVER_17))
    for _ in range(3):
        y = y + saturated(product(y, (1 << 13) - product(half, y)) << 2)
    return y


# As 32-bit constants: Q0 where the name does not say otherwise.
_48_OVER_17 = 1515870810  # Q2
_MINUS_32_OVER_17 = -1010580540  # Q2
_ONE_THIRD = 715827883
_EXP_OF_MINUS_AN_EIGHTH = 1895147668
_EXP_OF_MINUS_POWERS = (  # of 2**-2, ... 2**4
    1672461947,
    1302514674,
    790015084,
    290630308,
    39332535,
    720401,
    242,
)
