"""ATAN2: the angle of the point (x, y), from the operands y and x, which have one shape.

Source: tflite/kernels/atan2.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import same_shape

from ..elementwise import by_formula
from ..transcendental import arctan2

SUPPORT = [
    OpSupport(
        "ATAN2", (1, 1), "T T -> T", (same_shape,), by_formula(arctan2), T="float32 float16 bfloat16"
    ),
    OpSupport("ATAN2", (1, 1), "float64 float64 -> float64", (same_shape,), by_formula(np.arctan2)),
]
