"""LOGICAL_AND: x and y, elementwise, of two broadcast operands.

Source: tflite/kernels/logical.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [OpSupport("LOGICAL_AND", (1, 1), "bool bool -> bool", kernel=by_formula(np.logical_and))]
