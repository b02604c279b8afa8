"""NOT_EQUAL: whether an int16 operand differs from another, broadcast.

Source: tflite/kernels/comparisons.cc.
"""

from __future__ import annotations

import numpy as np

from ._equality import equality_rows

SUPPORT = equality_rows("NOT_EQUAL", 4, np.not_equal)
