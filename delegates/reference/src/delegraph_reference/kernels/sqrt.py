"""SQRT: the square root.

int8: in float32, cut to an integer; a negative value is an error.

Source: tflite/kernels/elementwise.cc (SqrtEvalQuantized).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import one_scale_each, operand

from ..elementwise import by_formula, to_int32
from ..kernel import Kernel
from ..lut import Formula, by_value, clipped, dequantized
from .rsqrt import refusing_negatives


def prepare_stored(op: Op) -> Kernel:
    return refusing_negatives(op, by_value(of_stored)(op))


def of_stored(op: Op) -> Formula:
    x, out = operand(op, 0), op.outputs[0]

    def formula(q: np.ndarray) -> np.ndarray:
        root = np.sqrt(np.maximum(dequantized(q, x), 0))
        return clipped(to_int32(root / np.float32(out.scale)) + out.zero_point, out)

    return formula


SUPPORT = [
    OpSupport("SQRT", (1, 2), "float32 -> float32", kernel=by_formula(np.sqrt)),
    OpSupport("SQRT", (1, 2), "int8 -> int8", (one_scale_each,), prepare_stored),
]
