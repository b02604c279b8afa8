"""From sums of int16 inputs times weights to int16: three ways of rounding, of which the bias selects one.

With an int64 bias, or none, the multiplier has 15 bits and there is one rounding (``reduced``); with an
int32 bias, or none and the option quantized_bias_type set to INT32, it has 31 bits and there are two
(``twice_rounded``); FULLY_CONNECTED multiplies doubles (``once_rounded``).

Source: tflite/kernels/internal/common.cc (MultiplyByQuantizedMultiplier of int64 and of int32),
internal/reference/integer_ops/{conv,fully_connected}.h.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from delegraph import Op, quantize_multipliers, rescale, round_half_away, stored_range
from delegraph_reference import DoubleRequantizer, Finish, largest_sums, sum_scales

Rounding = Callable[[np.ndarray], np.ndarray]  # sums (n, columns), int64, to steps of the output

_CHUNK = 16384  # elements at a time: they stay in the cache from the first pass to the last
_LARGEST_INPUT = 1 << 15
_HIGHEST = 0x7FFF0000  # multipliers from here on would be rounded to 2**15


def of_convolution(op: Op, integers: np.ndarray, bias: np.ndarray | None) -> tuple[np.ndarray, Finish]:
    """The arithmetic of convolutions: ``twice_rounded`` with an int32 bias, else ``reduced``."""
    scales, bounds = sum_scales(op, integers.size // integers.shape[-2]), stored_range(op)
    if in_int32(op, bias):
        return integers.astype(np.float64), exactly(twice_rounded(scales), bias, bounds)
    return reduced(integers, bias, scales, bounds)


def of_fully_connected(op: Op, integers: np.ndarray, bias: np.ndarray | None) -> tuple[np.ndarray, Finish]:
    """The arithmetic of FULLY_CONNECTED: ``once_rounded``, in float64 where sums and results fit."""
    scales, wraps, bounds = sum_scales(op, integers.shape[-1]), in_int32(op, bias), stored_range(op)
    weights = np.ascontiguousarray(integers, np.float64)
    offset = np.zeros(len(scales), np.int64) if bias is None else bias.astype(np.int64)
    largest = largest_sums(integers, _LARGEST_INPUT) + np.abs(offset.astype(np.float64))
    if ((largest < (2.0**31 if wraps else 2.0**53)) & (largest * scales < 2.0**31 - 1)).all():
        return weights, DoubleRequantizer(scales, offset, 0, bounds)
    return weights, exactly(once_rounded(scales, wraps), bias, bounds)


def of_int16_weights(op: Op, integers: np.ndarray, bias: np.ndarray | None) -> tuple[np.ndarray, Finish]:
    """The arithmetic of FULLY_CONNECTED with int16 weights: ``reduced``, whatever the bias."""
    return reduced(integers, bias, sum_scales(op, integers.shape[-1]), stored_range(op))


def in_int32(op: Op, bias: np.ndarray | None) -> bool:
    """Say whether sums have 32 bits: those with such a bias; without one, if the op's option says so."""
    if bias is None:
        return bool(op.options.get("quantized_bias_type") == "INT32")
    return bias.dtype == np.int32


def reduced(
    integers: np.ndarray, bias: np.ndarray | None, scales: np.ndarray, bounds: tuple[int, int]
) -> tuple[np.ndarray, Finish]:
    """Return weights and finish of ``floor((sum + bias) * m + 1/2)``, m a multiplier of 15 bits.

    All of it are multiples of the least bit of m, so float64 is exact while there are fewer than 2**53 of
    these, and m goes into the weights: products by m cost nothing then. Else integers do the rest.

    :param integers: weights (..., depth, columns); columns of all groups in order
    :param scales: of a unit of the sums, in steps of the output; float64, one for each column
    """
    folded = folding(integers, bias, scales)
    if folded is None:
        return integers.astype(np.float64), exactly(shifted(*fifteen_bits(scales)), bias, bounds)
    factor, offset = folded
    groups = integers.reshape(prod(integers.shape[:-2]), *integers.shape[-2:])
    weights = groups * factor.reshape(len(groups), 1, -1)
    return weights.reshape(integers.shape), Folded(offset, bounds)


def folding(
    integers: np.ndarray, bias: np.ndarray | None, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return factor and offset of ``floor(sum * factor + offset)``, None where float64 is not exact."""
    multiplier, shift = fifteen_bits(scales)
    total = np.zeros(len(scales)) if bias is None else bias.reshape(-1).astype(np.float64)
    least = 2.0**-shift
    largest = largest_sums(integers, _LARGEST_INPUT).reshape(-1) + np.abs(total)
    in_least_bits = largest * multiplier + 0.5 / least
    if not ((in_least_bits < 2.0**53) & (in_least_bits * least < 2.0**31)).all():
        return None
    factor = multiplier * least
    return factor, total * factor + 0.5


def shifted(multiplier: np.ndarray, shift: np.ndarray) -> Rounding:
    """MultiplyByQuantizedMultiplier of int64, which keeps 32 bits of the result."""
    half = np.int64(1) << (shift - 1)
    return lambda acc: int32((acc * multiplier + half) >> shift)


class Folded:
    """Writes floor(sums * factor + offset) as int16.

    :param offset: one for each column
    :param factor: likewise; None where the weights have it: sums (n, columns), float64, are used up then
    """

    def __init__(
        self, offset: np.ndarray, bounds: tuple[int, int], factor: np.ndarray | None = None
    ) -> None:
        self._offset, self._bounds = offset[None], bounds
        self._factor = None if factor is None else factor[None]

    def __call__(self, sums: np.ndarray, out: np.ndarray) -> None:
        n, columns = sums.shape
        step = max(_CHUNK // max(columns, 1), 1)
        rows = min(step, n)
        offset = np.repeat(self._offset, rows, axis=0)  # a whole operand makes one long inner loop
        factor = None if self._factor is None else np.repeat(self._factor, rows, axis=0)
        low, high = self._bounds
        for i in range(0, n, step):
            part = sums[i : i + step]
            if factor is not None:
                part = part.astype(np.float64)
                part *= factor[: len(part)]
            part += offset[: len(part)]
            part.clip(low, high + 0.5, out=part)  # whatever lies above high
            if low < 0:  # else the cast is the floor
                np.floor(part, out=part)
            np.copyto(out[i : i + step], part, casting="unsafe")


def twice_rounded(scales: np.ndarray) -> Rounding:
    """MultiplyByQuantizedMultiplier of int32, whose sums wrap."""
    multiplier, shift = quantize_multipliers(scales)
    left, right = np.maximum(shift, 0), np.minimum(shift, 0)
    return lambda acc: rescale(int32(int32(acc) << left), multiplier, right)


def once_rounded(scales: np.ndarray, wraps: bool) -> Rounding:
    """A product of doubles, halves away from zero; what does not fit int32 becomes its smallest value."""

    def rounded(acc: np.ndarray) -> np.ndarray:
        real = round_half_away((int32(acc) if wraps else acc) * scales)
        return np.where(np.abs(real) < 2.0**31, real, -(2.0**31))

    return rounded


def exactly(rounded: Rounding, bias: np.ndarray | None, bounds: tuple[int, int]) -> Finish:
    """Return what writes ``rounded(sums + bias)`` within the bounds; sums and bias in 64 bits."""
    offset = 0 if bias is None else bias.reshape(-1).astype(np.int64)

    def finish(sums: np.ndarray, out: np.ndarray) -> None:
        step = max(_CHUNK // max(sums.shape[1], 1), 1)
        for i in range(0, len(sums), step):
            acc = sums[i : i + step].astype(np.int64) + offset
            np.copyto(out[i : i + step], rounded(acc).clip(*bounds), casting="unsafe")

    return finish


def int32(x: np.ndarray) -> np.ndarray:
    """Return the low 32 bits of int64 values as signed numbers, int64 again."""
    return x.astype(np.int32).astype(np.int64)


def fifteen_bits(scales: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scales as ``multiplier * 2**-shift``, multipliers below 2**15, both int64."""
    multiplier, shift = quantize_multipliers(scales)
    cut = np.where(multiplier < _HIGHEST, (multiplier + (1 << 15)) >> 16, 0x7FFF)
    return cut, 15 - shift
