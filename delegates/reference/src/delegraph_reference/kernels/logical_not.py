"""LOGICAL_NOT: not x, elementwise.

Source: tflite/kernels/elementwise.cc (LogicalNotEval).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("LOGICAL_NOT", (1, 1), "bool -> bool", kernel=by_formula(np.logical_not))]
