"""PRELU: x where it is not negative, else x * alpha, which is broadcast; each rescaled on its own.

LiteRT reads an int16 alpha as int8; here it is what it says.

Source: tflite/kernels/activations.cc (PreluPrepare, ApplyPrelu), internal/reference/prelu.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, quantize_multiplier, rescale
from delegraph.rules import broadcast_alpha, operand, scales_of
from delegraph_reference import Formula, clipped, largest_magnitude

from ._pairs import by_stored_pairs
from ._rectified import fitting_factor
from ._rules import one_scale_each, symmetric


def formula_of(op: Op) -> Formula:
    x, alpha, out = operand(op, 0), operand(op, 1), op.outputs[0]
    positive = quantize_multiplier(float(np.float32(x.scale) / np.float32(out.scale)))
    negative = quantize_multiplier(negative_factor(op))

    def formula(a: np.ndarray, slope: np.ndarray) -> np.ndarray:
        product = a * (slope - alpha.zero_point)
        return clipped(np.where(a >= 0, rescale(a, *positive), rescale(product, *negative)), out)

    return formula


def negative_factor(op: Op) -> float:
    x, alpha, out = (np.float32(t.scale) for t in (operand(op, 0), operand(op, 1), op.outputs[0]))
    with np.errstate(all="ignore"):
        return float(x * alpha / out)


@needs("scales whose rescaling factor keeps a product within int32")
def fitting_product(op: Op) -> str | None:
    factor, alpha = negative_factor(op), operand(op, 1)
    largest = largest_magnitude(alpha.dtype, alpha.zero_point) << 15
    fits = factor * largest < 2**30  # LiteRT shifts by up to twice the factor
    return None if fits else f"a factor of {factor:.3g}"


@needs("one scale on alpha")
def scaled_alpha(op: Op) -> str | None:
    alpha = operand(op, 1)
    return None if len(scales_of(alpha)) == 1 and alpha.scale > 0 else f"{len(scales_of(alpha)) or 'none'}"


SUPPORT = [
    OpSupport(
        "PRELU",
        (1, 1),
        "int16 int16|int8 -> int16",
        (broadcast_alpha, symmetric, one_scale_each, scaled_alpha, fitting_factor, fitting_product),
        by_stored_pairs(formula_of),
    )
]
