"""ROUND: the nearest whole number, the even one of two.

Source: tflite/kernels/round.cc, internal/reference/round.h (RoundToNearest).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("ROUND", (1, 1), "T -> T", kernel=by_formula(np.rint), T="float32 float16 bfloat16")]
