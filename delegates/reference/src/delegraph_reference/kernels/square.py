"""SQUARE: x * x.

Source: tflite/kernels/elementwise.cc (SquareEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("SQUARE", (1, 1), "float32 -> float32", kernel=by_formula(np.square))]
