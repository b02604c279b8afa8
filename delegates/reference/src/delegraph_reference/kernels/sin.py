"""SIN: the sine of x, in radians.

Source: tflite/kernels/elementwise.cc (SinEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("SIN", (1, 2), "T -> T", kernel=by_formula(np.sin), T="float32 float16")]
