"""ELU: x where it is not negative, else exp(x) - 1.

int8: a table of the float32 function.

Source: tflite/kernels/activations.cc (EluPrepare, EluEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import one_scale_each

from ..elementwise import by_formula, split_at_zero
from ..lut import by_real_value
from ..transcendental import expm1


def elu(x: np.ndarray) -> np.ndarray:
    positive, negative = split_at_zero(x)
    positive += expm1(negative, out=negative)
    return positive


SUPPORT = [
    OpSupport("ELU", (1, 1), "float32 -> float32", kernel=by_formula(elu)),
    OpSupport("ELU", (1, 1), "int8 -> int8", (one_scale_each,), by_real_value(elu)),
]
