"""MEAN: the mean over axes.

Source: tflite/kernels/reduce.cc (EvalMean), internal/reference/reduce.h (Mean, QuantizedMeanOrSum).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier

from ..kernel import Kernel
from ._reduce import Axes, count_of, float_sum, prepare_reduction, quantized, quantized_sum, requantized


def prepare_float(op: Op) -> Kernel:
    """float32; no values at all have the mean NaN."""

    def mean(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        total = float_sum(x, axes, keep_dims)
        if not x.size:
            return np.full(total.shape, np.nan)
        return np.asarray(total / total.dtype.type(count_of(x.shape, axes)))

    return prepare_reduction(op, mean)


def prepare_integer(op: Op) -> Kernel:
    """int32 and int64: an int64 sum, divided towards zero; no values at all have the mean 0."""

    def mean(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        total = np.asarray(x.sum(axes, np.int64, keepdims=keep_dims))
        size = np.abs(total) // max(count_of(x.shape, axes), 1)
        return np.asarray(np.sign(total) * size)

    return prepare_reduction(op, mean)


def prepare_quantized(op: Op) -> Kernel:
    """int8 and uint8: the sum of stored - zero_point, times scale_in / (scale_out * count), rounded twice.

    The division goes into the multiplier, which is cut to an integer again.
    """
    x, out = op.inputs[0], op.outputs[0]
    assert x is not None
    multiplier, shift = quantize_multiplier(x.scale / out.scale)
    zero_point = x.zero_point

    def mean(stored: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        total = quantized_sum(stored, axes, keep_dims, zero_point)
        if not stored.size:
            return np.zeros_like(total)
        return requantized(total, *divided(multiplier, shift, count_of(stored.shape, axes)), out)

    return prepare_reduction(op, mean)


def divided(multiplier: int, shift: int, count: int) -> tuple[int, int]:
    """Return multiplier * 2**shift / count, with as many bits as the multiplier had."""
    room = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << room) // count, shift - room


SUPPORT = [
    OpSupport("MEAN", (1, 3), "float32 int32 -> float32", kernel=prepare_float),
    OpSupport("MEAN", (1, 3), "T int32 -> T", T="int32 int64", kernel=prepare_integer),
    OpSupport(
        "MEAN", (1, 3), "T int32 -> T", T="int8 uint8", constraints=(quantized,), kernel=prepare_quantized
    ),
]
