"""COS: the cosine of x, in radians.

Source: tflite/kernels/elementwise.cc (CosEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("COS", (1, 2), "T -> T", kernel=by_formula(np.cos), T="float32 float16")]
