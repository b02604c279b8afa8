"""LESS_EQUAL: whether x <= y, elementwise, of two broadcast operands.

Source: tflite/kernels/comparisons.cc (LessEqualEval).
"""

from __future__ import annotations

import numpy as np

from ._comparison import comparison_rows

SUPPORT = comparison_rows("LESS_EQUAL", 2, np.less_equal, "float32 float16 int32 int64")
