"""RSQRT: 1 / sqrt(x).

int8: fixed point; 0 gives the output's largest value, and a negative value is an error.

Source: tflite/kernels/elementwise.cc (RsqrtEvalQuantizedInt8).
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import InputError, Op, OpSupport, quantize_multiplier, rescale
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, finite
from ..gemmlowp import inverse_sqrt, rescale_anywhere
from ..kernel import Kernel
from ..lut import Formula, by_value, clipped

_SHIFT = 20  # keeps the inverse root of an integer an integer


def rsqrt(x: np.ndarray) -> np.ndarray:
    root = np.asarray(np.sqrt(x))
    np.reciprocal(root, out=root)
    return root


def prepare_stored(op: Op) -> Kernel:
    return refusing_negatives(op, by_value(of_stored)(op))


def of_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    multiplier, shift = quantize_multiplier(_output_factor(op))

    def formula(q: np.ndarray) -> np.ndarray:
        q = q - x.zero_point
        inverse, inverse_shift = inverse_sqrt(np.maximum(q, 1))
        inverse = rescale(np.ones_like(q), inverse, inverse_shift + _SHIFT)
        real = clipped(rescale_anywhere(inverse, multiplier, shift - _SHIFT, out.zero_point), out)
        return np.where(q == 0, 127, real)

    return formula


def _output_factor(op: Op) -> float:
    with np.errstate(over="ignore"):  # then the factor is 0
        root = np.sqrt(np.float32(operand(op, 0).scale)) * np.float32(op.outputs[0].scale)
    return 1 / float(root) if root else math.inf


def refusing_negatives(op: Op, run: Kernel) -> Kernel:
    """Return ``run`` behind a check that no stored value lies below the input's zero point."""
    zero_point = operand(op, 0).zero_point

    def checked(x: np.ndarray) -> tuple[np.ndarray, ...]:
        if x.size and x.min() < zero_point:
            raise InputError(
                f"needs values that are not negative, found {x.min()} with zero point {zero_point}"
            )
        return run(x)

    return checked


SUPPORT = [
    OpSupport("RSQRT", (1, 3), "float32 -> float32", kernel=by_formula(rsqrt)),
    OpSupport("RSQRT", (1, 3), "int8 -> int8", (one_scale_each, finite(_output_factor)), prepare_stored),
]
