"""SUM: the sum over axes.

Source: tflite/kernels/reduce.cc (EvalSum), internal/reference/reduce.h (QuantizedMeanOrSum).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier

from ..kernel import Kernel
from ._reduce import Axes, float_sum, prepare_reduction, quantized, quantized_sum, requantized


def prepare_float(op: Op) -> Kernel:
    return prepare_reduction(op, float_sum)


def prepare(op: Op) -> Kernel:
    """Integers wrap; of bools, whether any is true."""

    def total(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        return np.asarray(x.sum(axes, x.dtype, keepdims=keep_dims))

    return prepare_reduction(op, total)


def prepare_quantized(op: Op) -> Kernel:
    """int8 and uint8: the sum of stored - zero_point, times scale_in / scale_out, rounded twice.

    LiteRT 2.3.0's ``BUILTIN_REF`` reads int8 as uint8 here; this is what its source means, and what it
    computes for uint8.
    """
    x, out = op.inputs[0], op.outputs[0]
    assert x is not None
    factor = quantize_multiplier(x.scale / out.scale)
    zero_point = x.zero_point

    def total(stored: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        found = quantized_sum(stored, axes, keep_dims, zero_point)
        return requantized(found, *factor, out) if stored.size else np.zeros_like(found)

    return prepare_reduction(op, total)


SUPPORT = [
    OpSupport("SUM", (1, 2), "float32 int32 -> float32", kernel=prepare_float),
    OpSupport("SUM", (1, 2), "T int32 -> T", T="int32 int64 bool", kernel=prepare),
    OpSupport(
        "SUM", (1, 2), "T int32 -> T", T="int8 uint8", constraints=(quantized,), kernel=prepare_quantized
    ),
]
