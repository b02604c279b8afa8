"""Reciprocal, exponential, logarithm and inverse square root of fixed-point numbers, as TFLite has them.

A number Qn is an int32 that stands for ``raw * 2**(n - 31)``: n bits before the point, 31 - n behind it.
Arrays here hold such raw values as int64. The product of a Qa and a Qb, ``high_mul``, is a Q(a + b).

Source: gemmlowp/fixedpoint/fixedpoint.h, tflite/kernels/internal/common.h.
"""

from __future__ import annotations

import numpy as np

_MAX = (1 << 31) - 1
_MIN = -(1 << 31)


def high_mul(a: np.ndarray, b: np.ndarray | int) -> np.ndarray:
    """Return a * b / 2**31, rounded, halves upward (SaturatingRoundingDoublingHighMul)."""
    return np.minimum((a * b + (1 << 30)) >> 31, _MAX)  # type: ignore[no-any-return]


def rounding_shift(x: np.ndarray, exponent: int | np.ndarray) -> np.ndarray:
    """Return x / 2**exponent, halves away from zero (RoundingDivideByPOT)."""
    half = (np.int64(1) << np.asarray(exponent, np.int64)) >> 1
    return (x + half - (x < 0) * (half > 0)) >> exponent  # type: ignore[no-any-return]


def rounding_shift_anywhere(x: np.ndarray, exponent: int | np.ndarray, bits: int) -> np.ndarray:
    """Return ``rounding_shift`` of ``bits``-bit values, and what LiteRT has beyond its defined range.

    That range is 0 to bits - 1. LiteRT's x86-64 build takes the exponent's five lowest bits to shift x, and
    cuts its masks to the type, so that what should vanish becomes 1.
    """
    exponent = np.asarray(exponent, np.int64)
    mask = wrapped(((np.int64(1) << (exponent & 63)) - 1) << (32 - bits)) >> (32 - bits)
    threshold = (mask >> 1) + (x < 0)
    return (x >> (exponent & 31)) + ((x & mask) > threshold)  # type: ignore[no-any-return]


def rescale_anywhere(
    x: np.ndarray, multiplier: int | np.ndarray, shift: int | np.ndarray, zero_point: int = 0
) -> np.ndarray:
    """Return ``rescale`` plus a zero point, and what LiteRT has where a shift leaves int32.

    What a left shift carries beyond 32 bits is lost, and only the five lowest bits of a shift count.
    """
    shift = np.asarray(shift, np.int64)
    kept = high_mul(wrapped(x << (np.maximum(shift, 0) & 31)), multiplier)
    return wrapped(rounding_shift_anywhere(kept, np.maximum(-shift, 0), bits=32) + zero_point)


def wrapped(x: np.ndarray) -> np.ndarray:
    """Return the low 32 bits of each whole number as a signed one; floats are below 2**63."""
    return np.asarray(x).astype(np.int64).astype(np.int32).astype(np.int64)


def leading_zeros(x: np.ndarray) -> np.ndarray:
    """Return how many of the 32 bits stand above the highest that is set; none in a negative value."""
    return 32 - np.frexp(np.asarray(x & 0xFFFFFFFF, np.float64))[1].astype(np.int64)


def sign_bits(x: np.ndarray) -> np.ndarray:
    """Return how far each value can be shifted left without a change of sign (CountLeadingSignBits)."""
    return np.where(x >= 0, leading_zeros(x) - 1, leading_zeros(-2 * x - 1))


def reciprocal(x: np.ndarray, integer_bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a Q0 and the number of bits to shift it right by, whose quotient is 1 / x (GetReciprocal).

    :param x: Q(integer_bits), positive.
    """
    headroom = leading_zeros(x)
    above_one = wrapped(((x & 0xFFFFFFFF) << headroom) - (1 << 31))
    return reciprocal_of_one_plus(above_one), integer_bits - headroom


def reciprocal_of_one_plus(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + x) as a Q0 for a Q0 in [0, 1): three steps of Newton's method."""
    half = (x + _MAX + 1) >> 1  # (x + 1) / 2
    y = _48_OVER_17 + high_mul(half, _MINUS_32_OVER_17)  # Q2, like y below
    for _ in range(3):
        y = y + shift_left(high_mul(y, _ONE_IN_Q2 - high_mul(half, y)), 2)
    return shift_left(y, 1)


def shift_left(x: np.ndarray, bits: int) -> np.ndarray:
    """Return x * 2**bits, saturated to int32."""
    return np.clip(x << bits, _MIN, _MAX)  # type: ignore[no-any-return]


def exp_of_negative(x: np.ndarray) -> np.ndarray:
    """Return exp(x) as a Q0 for x <= 0, a Q5 (exp_on_negative_values).

    x = rest - k / 4 with rest in [-1/4, 0): a polynomial for the rest, and a factor for each bit of k.
    """
    quarter = 1 << 24
    rest = (x & (quarter - 1)) - quarter
    y = _exp_near_minus_an_eighth(shift_left(rest, 5))
    for bit, factor in enumerate(_EXP_OF_MINUS_POWERS, start=24):
        y = np.where((rest - x) >> bit & 1, high_mul(y, factor), y)
    return np.where(x == 0, _MAX, y)


def _exp_near_minus_an_eighth(a: np.ndarray) -> np.ndarray:
    """Return exp(a) for a in [-1/4, 0), both Q0, by its Taylor series around -1/8."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4_over_4 = rounding_shift(high_mul(x2, x2), 2)
    higher = rounding_shift(high_mul(x4_over_4 + x3, _ONE_THIRD) + x2, 1)
    return _EXP_OF_MINUS_AN_EIGHTH + high_mul(x + higher, _EXP_OF_MINUS_AN_EIGHTH)


def log_above_one(x: np.ndarray) -> np.ndarray:
    """Return log(x) as a Q5 for x >= 1, a Q12 (log_x_for_x_greater_than_or_equal_to_1)."""
    zeros = leading_zeros(x)
    with_zeros = _shift_left_or_saturate(x, zeros - 1)
    r_a = _shift_left_or_saturate(high_mul(with_zeros, _SQRT_HALF), 1)
    power_a = np.clip(((12 - zeros) << 25) + _QUARTER_IN_Q6, _MIN, _MAX)
    headroom = leading_zeros(high_mul(x, _SQRT_HALF)) - 1
    r_b = _shift_left_or_saturate(x, headroom)
    power_b = np.clip(((12 - headroom) << 25) - _QUARTER_IN_Q6, _MIN, _MAX)
    r, power = np.minimum(r_a, r_b), np.maximum(power_a, power_b)

    p = (r + _SQRT_SQRT_HALF + 1) >> 1
    q = 2 * (r - _SQRT_SQRT_HALF)
    q2 = high_mul(q, q)
    numerator = high_mul(q, r) + high_mul(high_mul(q, q2), _ALPHA_N)
    denominator = high_mul(p, _ALPHA_I + q + high_mul(q2, _ALPHA_D)) + high_mul(q, _ALPHA_F)
    quotient = high_mul(rounding_shift(numerator, 6), reciprocal_of_one_plus(denominator))
    return shift_left(high_mul(power, _LOG_2) + quotient, 1)


def _shift_left_or_saturate(x: np.ndarray, bits: np.ndarray | int) -> np.ndarray:
    """Return x * 2**bits, or int32's end where x exceeds what can be shifted (…MultiplyByPOTParam)."""
    bits = np.asarray(bits, np.int64)
    threshold = (np.int64(1) << (31 - bits)) - 1
    shifted = np.where(x > threshold, _MAX, np.where(x < -threshold, _MIN, wrapped(x << bits)))
    return np.where(bits == 0, x, shifted)


def inverse_sqrt(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return multiplier and shift, for ``rescale``, of 1 / sqrt(x) (GetInvSqrtQuantizedMultiplierExp).

    :param x: integers; 0 counts as 1.
    """
    small = x <= 1
    x = np.where(small, 2, x)
    shift = np.full_like(x, 11)
    while (large := x >= 1 << 29).any():
        x, shift = np.where(large, x // 4, x), shift + large
    pairs = (leading_zeros(x) - 1) // 2 - 1
    shift = shift - pairs
    half = x << 2 * pairs >> 1  # Q3 of the input, brought into [1, 4)
    y = np.full_like(x, _ONE_IN_Q3)
    for _ in range(5):
        cube = shift_left(high_mul(high_mul(y, y), y), 6)
        y = shift_left(high_mul(y, _THREE_HALVES_IN_Q3) - high_mul(cube, rounding_shift(half, 1)), 3)
    y = high_mul(y, _SQRT_HALF)
    y, shift = np.where(shift < 0, wrapped(y << np.maximum(-shift, 0)), y), np.maximum(shift, 0)
    return np.where(small, _MAX, y), np.where(small, 0, -shift)


# Q0 where the name does not say otherwise.
_48_OVER_17 = 1515870810  # Q2
_MINUS_32_OVER_17 = -1010580540  # Q2
_ONE_IN_Q2 = 1 << 29
_ONE_IN_Q3 = 1 << 28
_THREE_HALVES_IN_Q3 = (1 << 28) + (1 << 27)
_QUARTER_IN_Q6 = 1 << 23
_ONE_THIRD = 715827883
_SQRT_HALF = 1518500250
_SQRT_SQRT_HALF = 1805811301
_LOG_2 = 1488522236
_EXP_OF_MINUS_AN_EIGHTH = 1895147668
_EXP_OF_MINUS_POWERS = (
    1672461947,
    1302514674,
    790015084,
    290630308,
    39332535,
    720401,
    242,
)  # of 2**-2, ... 2**4
# The rational function that approximates log near 1.
_ALPHA_N = 117049297  # 11 / 240 * sqrt(sqrt(2))
_ALPHA_D = 127690142  # 1 / 20 * sqrt(sqrt(2))
_ALPHA_I = 1057819769  # 2 / sqrt(sqrt(2)) - sqrt(sqrt(2))
_ALPHA_F = 638450708  # 1 / 4 * sqrt(sqrt(2))
