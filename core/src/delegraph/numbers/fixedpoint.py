"""The fixed-point arithmetic of TFLite's integer kernels.

Source: tflite/kernels/internal/quantization_util.cc (QuantizeMultiplier), common.h
(MultiplyByQuantizedMultiplier, double rounding), gemmlowp/fixedpoint.h (SaturatingRoundingDoublingHighMul,
RoundingDivideByPOT).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..errors import InputError


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Write ``real`` as ``multiplier * 2**(shift - 31)``, multiplier an int32 in [2**30, 2**31).

    Below 2**-32 it becomes (0, 0), as in TFLite.

    :raises InputError: it is infinite or not a number: so is the quotient of some scales.
    """
    if real == 0:
        return 0, 0
    if not math.isfinite(real):
        raise InputError(f"needs scales that give a finite factor, found {real}")
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier // 2, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def quantize_multipliers(reals: Iterable[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return multipliers and shifts of several factors, int64, one per channel.

    :raises InputError: as :func:`quantize_multiplier`
    """
    factors = np.asarray(reals if isinstance(reals, np.ndarray) else list(reals), np.float64)
    if not (finite := np.isfinite(factors)).all():
        quantize_multiplier(float(factors[~finite][0]))  # it says what is wrong
    fractions, exponents = np.frexp(factors)
    multipliers, shifts = np.floor(fractions * (1 << 31) + 0.5).astype(np.int64), exponents.astype(np.int64)
    carried = multipliers == 1 << 31
    multipliers >>= carried
    shifts += carried
    known = shifts >= -31
    return multipliers * known, shifts * known


def rescale(x: np.ndarray, multiplier: int | np.ndarray, shift: int | np.ndarray) -> np.ndarray:
    """Return x * multiplier * 2**(shift - 31) as int64, rounded twice as TFLite rounds it.

    :param x: integers of int32's range (after a left shift, too).
    :param multiplier: one, or an array that broadcasts against x (one per channel).
    :param shift: likewise; positive is left.
    """
    shift = np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    # SaturatingRoundingDoublingHighMul is floor(a * b / 2**31 + 1/2)
    high = (x.astype(np.int64) << left) * multiplier
    high += 1 << 30
    high >>= 31
    if right.any():
        # RoundingDivideByPOT rounds halves away from zero: a negative value gets one less than half
        sign = high >> 63
        high += (np.int64(1) << right) >> 1
        high += sign if right.all() else np.where(right > 0, sign, 0)
        high >>= right
    return high  # type: ignore[no-any-return]


def round_half_away(x: np.ndarray) -> np.ndarray:
    """Round to integers, halves away from zero, as C's round and TfLiteRound; keeps x's dtype."""
    return np.trunc(x + np.copysign(_below_half(x.dtype), x))  # type: ignore[no-any-return]


def _below_half(dtype: np.dtype) -> np.floating:
    """The largest float below 1/2: adding 1/2 itself would carry 0.49999997 up to 1."""
    return np.nextafter(dtype.type(0.5), dtype.type(0))  # type: ignore[no-any-return]
