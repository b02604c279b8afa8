"""FLOOR: the largest whole number not above x.

Source: tflite/kernels/floor.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("FLOOR", (1, 1), "T -> T", kernel=by_formula(np.floor), T="float32 float16 bfloat16")]
