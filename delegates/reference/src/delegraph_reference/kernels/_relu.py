"""What RELU and its bounded kin share: a clip, and for 8 bits a rescaling before it.

Source: tflite/kernels/activations.cc (ReluPrepare, QuantizedReluX).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from delegraph import DTYPES, Op, OpSupport, Tensor, quantize_multiplier, round_half_away
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, finite, kept_within, scale_ratio, to_int32
from ..gemmlowp import rescale_anywhere
from ..lut import Formula, by_value


def relu_rows(op: str, versions: tuple[int, int], low: float, high: float) -> list[OpSupport]:
    """Return the rows of the op that keeps real values within [low, high]."""
    constraints = (one_scale_each, finite(scale_ratio))
    return [
        OpSupport(op, versions, "float32 -> float32", kernel=by_formula(_clip(low, high))),
        OpSupport(op, versions, "T -> T", constraints, by_value(_clip_stored(low, high)), T="int8 uint8"),
    ]


def _clip(low: float, high: float) -> Callable[[np.ndarray], np.ndarray]:
    first, last = np.float32(low), np.float32(high)
    return lambda x: kept_within(x, first, last)  # np.clip is faster than np.maximum, even for RELU


def _clip_stored(low: float, high: float) -> Callable[[Op], Formula]:
    def formula_of(op: Op) -> Formula:
        x, out = operand(op, 0), op.outputs[0]
        to_out = quantize_multiplier(scale_ratio(op))
        least, most = DTYPES[out.dtype].limits
        first, last = max(least, _stored(low, out)), min(most, _stored(high, out))

        def formula(q: np.ndarray) -> np.ndarray:
            real = rescale_anywhere(q - x.zero_point, *to_out, out.zero_point)
            return np.asarray(
                np.minimum(np.maximum(real, first), last)
            )  # its low bits, if a bound has left int32

        return formula

    return formula_of


def _stored(bound: float, out: Tensor) -> int:
    """Return a bound in the output's steps. One that is infinite is no bound."""
    if math.isinf(bound):
        return int(math.copysign(1 << 31, bound))
    with np.errstate(all="ignore"):
        steps = round_half_away(np.asarray(np.float32(bound) / np.float32(out.scale)))
    return int(to_int32(steps)) + out.zero_point
