"""EXP: e to the power of x.

int8: a table of the float32 function.

Source: tflite/kernels/exp.cc, internal/reference/exp.h.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph.rules import one_scale_each

from .. import transcendental
from ..elementwise import by_formula
from ..lut import by_real_value

SUPPORT = [
    OpSupport("EXP", (1, 2), "float32 -> float32", kernel=by_formula(transcendental.exp)),
    OpSupport("EXP", (1, 2), "int8 -> int8", (one_scale_each,), by_real_value(transcendental.exp)),
]
