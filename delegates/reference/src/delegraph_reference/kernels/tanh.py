"""TANH: the hyperbolic tangent.

8 bits: a table of the float32 function.

Source: tflite/kernels/activations.cc (TanhPrepare, TanhEval), internal/reference/tanh.h.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph.rules import one_scale_each

from ..elementwise import by_formula
from ..lut import by_real_value
from ..transcendental import tanh

SUPPORT = [
    OpSupport("TANH", (1, 3), "T -> T", kernel=by_formula(tanh), T="float32 float16 bfloat16"),
    OpSupport("TANH", (1, 3), "T -> T", (one_scale_each,), by_real_value(tanh), T="int8 uint8"),
]
