"""Functions of int16 values as LiteRT has them: 513 samples, and straight lines between them.

A function is sampled at every 128th stored value, in float32. A sample is moved by half of what the
straight line to the next one errs by in the middle. Here all 65,536 values are looked up beforehand.

Source: tflite/kernels/internal/common.h (LUTPopulate, LUTLookup).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from delegraph import Op, round_half_away
from delegraph.rules import operand
from delegraph_reference import Formula, Prepare, by_value

Function = Callable[[np.ndarray], np.ndarray]  # of float32

_STEPS = 512
_MIN, _MAX = -(1 << 15), (1 << 15) - 1


def by_samples(function_of: Callable[[Op], Function]) -> Prepare:
    """Return the prepare function of an op with one int16 input, ``function_of(op)`` of its real values."""

    def formula_of(op: Op) -> Formula:
        x, out = operand(op, 0), op.outputs[0]
        samples = sampled(function_of(op), x.scale, x.zero_point, out.scale, out.zero_point)
        return lambda q: interpolated(samples, q)

    return by_value(formula_of)


@np.errstate(all="ignore")
def sampled(
    function: Function,
    scale: float,
    zero_point: int,
    out_scale: float,
    out_zero_point: int,
    real: type[np.floating] = np.float32,
) -> np.ndarray:
    """Return the 513 samples as stored values of the output, int64; 0 for NaN.

    :param real: the type in which they are computed
    """
    low, high = _ends(scale, zero_point, real)
    step = (high - low) / real(_STEPS)
    out_low, out_high = _ends(out_scale, out_zero_point, real)
    per_unit = real(1 << 16) / (out_high - out_low)

    def stored(x: np.ndarray) -> np.ndarray:
        return np.asarray(round_half_away(function(x.astype(real)) * per_unit))

    at = np.arange(_STEPS, dtype=real)
    starts = stored(low + at * step)
    ends = function((low + (at + real(1)) * step).astype(real)) * per_unit
    middles = stored(low + at * step + step / real(2))
    errors = round_half_away((ends + starts) / real(2)) - middles
    samples = np.append(starts - round_half_away(errors / real(2)), stored(np.array([high])))
    return np.asarray(np.nan_to_num(samples.clip(_MIN, _MAX), nan=0), np.int64)


def interpolated(samples: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Return the function of stored int16 values; int64, int16 wraps as LiteRT's does."""
    place, rest = (stored >> 7) + (_STEPS // 2), stored & 127
    slopes = _wrapped(np.diff(samples))
    return _wrapped(samples[place] + ((slopes[place] * rest + 64) >> 7))


def _ends(scale: float, zero_point: int, real: type[np.floating]) -> tuple[Any, Any]:
    """Return what the smallest and the largest stored value stand for."""
    low, high = (real(scale) * real(end - zero_point) for end in (_MIN, _MAX))
    return real(low), real(high)


def _wrapped(x: np.ndarray) -> np.ndarray:
    return np.asarray(x.astype(np.int16), np.int64)
