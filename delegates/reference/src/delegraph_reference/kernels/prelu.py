"""PRELU: x where it is not negative, else x * alpha, which is broadcast.

8 bits: each of the two is rescaled on its own.

Source: tflite/kernels/activations.cc (PreluPrepare, ApplyPrelu), internal/reference/prelu.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier
from delegraph.rules import broadcast_alpha, one_scale_each, operand

from ..elementwise import by_formula, finite, scale_ratio, split_at_zero
from ..gemmlowp import rescale_anywhere
from ..lut import Formula, by_pair, clipped


def prelu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    if not np.isfinite(alpha).all():
        return np.where(x >= 0, x, x * alpha)
    y, negative = split_at_zero(x)
    negative *= alpha
    y += negative
    if (zeros := y == 0).any():  # the sum of two zeros has lost its sign
        np.copyto(y, np.where(x >= 0, x, x * alpha), where=zeros)
    return y


def of_stored(op: Op) -> Formula:
    x, alpha, out = operand(op, 0), operand(op, 1), op.outputs[0]
    positive = quantize_multiplier(scale_ratio(op))
    negative = quantize_multiplier(_negative_factor(op))

    def formula(a: np.ndarray, slope: np.ndarray) -> np.ndarray:
        a, slope = a - x.zero_point, slope - alpha.zero_point
        kept = rescale_anywhere(a, *positive, out.zero_point)
        sloped = rescale_anywhere(a * slope, *negative, out.zero_point)
        return clipped(np.where(a >= 0, kept, sloped), out)

    return formula


def _negative_factor(op: Op) -> float:
    x, alpha, out = (np.float32(t.scale) for t in (operand(op, 0), operand(op, 1), op.outputs[0]))
    with np.errstate(all="ignore"):
        return float(x * alpha / out)


SUPPORT = [
    OpSupport("PRELU", (1, 1), "float32 float32 -> float32", (broadcast_alpha,), by_formula(prelu)),
    OpSupport(
        "PRELU",
        (1, 1),
        "T T -> T",
        (broadcast_alpha, one_scale_each, finite(scale_ratio), finite(_negative_factor)),
        by_pair(of_stored),
        T="int8 uint8",
    ),
]
