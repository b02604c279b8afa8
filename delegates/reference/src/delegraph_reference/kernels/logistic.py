"""LOGISTIC: 1 / (1 + exp(-x)).

8 bits: a table of the float32 function. (LiteRT 2.3.0 has exp(x) for floats below -9, a little less exact.)

Source: tflite/kernels/activations.cc (SigmoidPrepare, SigmoidEval), internal/reference/logistic.h.
"""

from __future__ import annotations

from delegraph import OpSupport
from delegraph.rules import one_scale_each, output_steps

from ..elementwise import by_formula
from ..lut import by_real_value
from ..transcendental import logistic

SUPPORT = [
    OpSupport("LOGISTIC", (1, 3), "T -> T", kernel=by_formula(logistic), T="float32 float16 bfloat16"),
    OpSupport(
        "LOGISTIC",
        (1, 3),
        "T -> T",
        (one_scale_each, output_steps(256)),
        by_real_value(logistic),
        T="int8 uint8",
    ),
]
