"""CEIL: the smallest whole number not below x.

Source: tflite/kernels/ceil.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("CEIL", (1, 1), "float32 -> float32", kernel=by_formula(np.ceil))]
