"""SIGN: -1, 0 or 1; NaN stays NaN.

Source: tflite/kernels/sign.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("SIGN", (1, 2), "T -> T", kernel=by_formula(np.sign), T="float32 float64 int32")]
