"""LEAKY_RELU: x where it is positive, else alpha * x.

8 bits: each of the two is rescaled on its own.

Source: tflite/kernels/activations.cc (LeakyReluPrepare), internal/reference/leaky_relu.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, finite, scale_ratio
from ..gemmlowp import rescale_anywhere
from ..kernel import Kernel
from ..lut import Formula, by_value, clipped


def prepare_float(op: Op) -> Kernel:
    alpha = np.float32(op.options.alpha)

    def gently(x: np.ndarray) -> np.ndarray:  # no branches, where they make no difference
        y = np.asarray(x * alpha)  # numpy makes a number of a scalar, which out= does not take
        return np.asarray(np.maximum(x, y, out=y))

    def leaky_relu(x: np.ndarray) -> np.ndarray:
        return np.where(x > 0, x, x * alpha)

    return by_formula(gently if 0 < alpha <= 1 else leaky_relu)(op)


def of_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    positive = quantize_multiplier(scale_ratio(op))
    negative = quantize_multiplier(_negative_factor(op))

    def formula(q: np.ndarray) -> np.ndarray:
        q = q - x.zero_point
        kept, sloped = (rescale_anywhere(q, *factor, out.zero_point) for factor in (positive, negative))
        return clipped(np.where(q >= 0, kept, sloped), out)

    return formula


def _negative_factor(op: Op) -> float:
    x, out, alpha = (
        np.float32(operand(op, 0).scale),
        np.float32(op.outputs[0].scale),
        np.float32(op.options.alpha),
    )
    with np.errstate(all="ignore"):
        return float(x * alpha / out)


SUPPORT = [
    OpSupport("LEAKY_RELU", (1, 2), "float32 -> float32", kernel=prepare_float),
    OpSupport(
        "LEAKY_RELU",
        (1, 2),
        "T -> T",
        (one_scale_each, finite(scale_ratio), finite(_negative_factor)),
        by_value(of_stored),
        T="int8 uint8",
    ),
]
