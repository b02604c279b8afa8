"""LOG: the natural logarithm.

int8: a table of the float32 function; what is not positive gives the output's smallest value.

Source: tflite/kernels/elementwise.cc (LogLUTPrepare, LogEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula
from ..lut import Formula, by_value, dequantized, requantized
from ..transcendental import log


def of_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]
    lowest = dequantized(np.array(-128), out)

    def formula(q: np.ndarray) -> np.ndarray:
        real = dequantized(q, x)
        positive = real > 0
        return requantized(np.where(positive, log(np.where(positive, real, np.float32(1))), lowest), out)

    return formula


SUPPORT = [
    OpSupport("LOG", (1, 2), "float32 -> float32", kernel=by_formula(log)),
    OpSupport("LOG", (1, 2), "int8 -> int8", (one_scale_each,), by_value(of_stored)),
]
