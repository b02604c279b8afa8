"""LOGISTIC: 1 / (1 + exp(-x)).

8 bits: a table of the float32 function. (LiteRT 2.3.0 has exp(x) for floats below -9, a little less exact.)

Source: tflite/kernels/activations.cc (SigmoidPrepare, SigmoidEval), internal/reference/logistic.h.
"""

from __future__ import annotations

from delegraph import Op, OpSupport, needs
from delegraph.rules import one_scale_each

from ..elementwise import by_formula
from ..lut import by_real_value
from ..transcendental import logistic


@needs("an output scale of 1 / 256")
def whole_unit(op: Op) -> str | None:
    scale = op.outputs[0].scale
    return None if scale == 1 / 256 else f"{scale:g}"


SUPPORT = [
    OpSupport("LOGISTIC", (1, 3), "T -> T", kernel=by_formula(logistic), T="float32 float16 bfloat16"),
    OpSupport(
        "LOGISTIC", (1, 3), "T -> T", (one_scale_each, whole_unit), by_real_value(logistic), T="int8 uint8"
    ),
]
