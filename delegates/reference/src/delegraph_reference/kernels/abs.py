"""ABS: the absolute value. int8 is rescaled where the scales differ; the smallest int32 stays what it is.

Source: tflite/kernels/elementwise.cc (AbsEvalQuantized, AbsEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, finite, scale_ratio
from ..gemmlowp import rescale_anywhere
from ..lut import Formula, by_value, clipped


def of_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    to_out = quantize_multiplier(scale_ratio(op))
    return lambda q: clipped(rescale_anywhere(np.abs(q - x.zero_point), *to_out, out.zero_point), out)


SUPPORT = [
    OpSupport("ABS", (1, 5), "T -> T", kernel=by_formula(np.abs), T="float32 int32"),
    OpSupport("ABS", (1, 5), "int8 -> int8", (one_scale_each, finite(scale_ratio)), by_value(of_stored)),
]
