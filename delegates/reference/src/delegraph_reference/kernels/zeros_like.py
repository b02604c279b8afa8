"""ZEROS_LIKE: zeros in the shape of x.

Source: tflite/kernels/zeros_like.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [
    OpSupport("ZEROS_LIKE", (1, 1), "T -> T", kernel=by_formula(np.zeros_like), T="float32 int32 int64")
]
