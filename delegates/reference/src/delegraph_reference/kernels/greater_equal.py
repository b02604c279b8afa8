"""GREATER_EQUAL: whether x >= y, elementwise, of two broadcast operands.

Source: tflite/kernels/comparisons.cc (GreaterEqualEval).
"""

from __future__ import annotations

import numpy as np

from ._comparison import comparison_rows

SUPPORT = comparison_rows("GREATER_EQUAL", 3, np.greater_equal, "float32 float16 int32 int64")
