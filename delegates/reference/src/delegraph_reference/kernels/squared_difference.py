"""SQUARED_DIFFERENCE: (x - y)^2 of two broadcast operands.

int8: both operands are brought to one scale with 7 extra bits, subtracted, squared, and brought to the
scale of the output. int32 wraps.

Source: tflite/kernels/squared_difference.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, quantize_multiplier, rescale
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula
from ..lut import Formula, by_pair, clipped
from ._rescaled_sum import doubled_scales, scale_with_headroom

_HEADROOM = 7  # bits: the squared difference of two 9-bit values with them still fits int32


def squared_difference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    difference = np.asarray(x - y)
    difference *= difference
    return difference


def of_stored(op: Op) -> Formula:
    x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
    common = 2 * max(x.scale, y.scale)
    x_to_common, y_to_common = (quantize_multiplier(t.scale / common) for t in (x, y))
    common_to_out = quantize_multiplier(output_factor(op))

    def formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        a = rescale((a - x.zero_point) << _HEADROOM, *x_to_common)
        b = rescale((b - y.zero_point) << _HEADROOM, *y_to_common)
        return clipped(rescale((a - b) ** 2, *common_to_out) + out.zero_point, out)

    return formula


def output_factor(op: Op) -> float:
    common = 2 * max(operand(op, 0).scale, operand(op, 1).scale)
    return common * common / ((1 << 2 * _HEADROOM) * op.outputs[0].scale)


@needs("an output scale that leaves a rescaling factor below 1")
def fine_enough_output(op: Op) -> str | None:
    """LiteRT dies beyond it (QuantizeMultiplierSmallerThanOneExp)."""
    factor = output_factor(op)
    return None if factor < 1 else f"a factor of {factor:.3g}"


SUPPORT = [
    OpSupport(
        "SQUARED_DIFFERENCE", (1, 2), "T T -> T", kernel=by_formula(squared_difference), T="float32 int32"
    ),
    OpSupport(
        "SQUARED_DIFFERENCE",
        (1, 2),
        "int8 int8 -> int8",
        (one_scale_each, doubled_scales, scale_with_headroom(2 * _HEADROOM), fine_enough_output),
        by_pair(of_stored),
    ),
]
