"""What SOFTMAX and LOG_SOFTMAX on 8 bits share: exponentials by distance from the largest value.

Source: tflite/kernels/internal/quantization_util.cc (PreprocessSoftmaxScaling, CalculateInputRadius).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, quantize_multiplier
from delegraph.rules import operand

from ..gemmlowp import exp_of_negative, high_mul, rounding_shift

_INTEGER_BITS = 5  # distances become Q5: beyond exp(-32) nothing is left


def beta_scale(op: Op) -> float:
    """Return beta times the input's scale: what one step of the input means to the exponential."""
    return float(np.float32(op.options.get("beta", 1.0))) * operand(op, 0).scale


def distance_multiplier(beta_scale: float) -> tuple[int, int]:
    """Return multiplier and shift of a distance to Q5."""
    return quantize_multiplier(min(beta_scale * 2.0**26, 2.0**31 - 1))


def rescaled_distances(beta_scale: float) -> tuple[np.ndarray, int]:
    """Return the distances 0, -1, … -255 as Q5, and the greatest one that counts."""
    multiplier, shift = distance_multiplier(beta_scale)
    reach = (((1 << _INTEGER_BITS) - 1) << (31 - _INTEGER_BITS)) >> shift
    distances = np.arange(256)
    return high_mul(-np.minimum(distances, reach) << shift, multiplier), reach


def table_of_exponentials(beta_scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Return exp(-distance) for the distances 0..255, as Q0 and as Q12 (terms of a sum), 0 beyond reach."""
    scaled, reach = rescaled_distances(beta_scale)
    exponentials = np.where(np.arange(256) <= reach, exp_of_negative(scaled), 0)
    return exponentials, rounding_shift(exponentials, 12)
