"""ABS: the absolute value. int8 is rescaled where the scales differ; the smallest int32 stays what it is.

Source: tflite/kernels/elementwise.cc (AbsEvalQuantized, AbsEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, quantize_multiplier, rescale
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, fitting_factor
from ..lut import Formula, by_value, clipped


def of_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    to_out = quantize_multiplier(float(np.float32(x.scale) / np.float32(out.scale)))
    return lambda q: clipped(rescale(np.abs(q - x.zero_point), *to_out) + out.zero_point, out)


SUPPORT = [
    OpSupport("ABS", (1, 5), "T -> T", kernel=by_formula(np.abs), T="float32 int32"),
    OpSupport("ABS", (1, 5), "int8 -> int8", (one_scale_each, fitting_factor), by_value(of_stored)),
]
