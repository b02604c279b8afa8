"""EQUAL: whether an int16 operand equals another, broadcast.

Source: tflite/kernels/comparisons.cc.
"""

from __future__ import annotations

import numpy as np

from ._equality import equality_rows

SUPPORT = equality_rows("EQUAL", 5, np.equal)
