"""What RELU and its bounded kin share: a clip, and for 8 bits a rescaling before it.

Source: tflite/kernels/activations.cc (ReluPrepare, QuantizedReluX).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier, rescale, stored_value
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, fitting_factor
from ..lut import Formula, by_value, clipped


def relu_rows(op: str, versions: tuple[int, int], low: float, high: float) -> list[OpSupport]:
    """Return the rows of the op that keeps real values within [low, high]."""
    constraints = (one_scale_each, fitting_factor)
    return [
        OpSupport(op, versions, "float32 -> float32", kernel=by_formula(_clip(low, high))),
        OpSupport(op, versions, "T -> T", constraints, by_value(_clip_stored(low, high)), T="int8 uint8"),
    ]


def _clip(low: float, high: float) -> Callable[[np.ndarray], np.ndarray]:
    first, last = np.float32(low), np.float32(high)  # np.clip is faster than np.maximum, even for RELU
    return lambda x: np.clip(x, first, last)


def _clip_stored(low: float, high: float) -> Callable[[Op], Formula]:
    def formula_of(op: Op) -> Formula:
        x, out = operand(op, 0), op.outputs[0]
        to_out = quantize_multiplier(float(np.float32(x.scale) / np.float32(out.scale)))
        first, last = stored_value(low, out), stored_value(high, out)

        def formula(q: np.ndarray) -> np.ndarray:
            real = np.clip(rescale(q - x.zero_point, *to_out) + out.zero_point, first, last)
            return clipped(real, out)

        return formula

    return formula_of
