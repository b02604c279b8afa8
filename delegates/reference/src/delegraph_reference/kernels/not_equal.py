"""NOT_EQUAL: whether x != y, elementwise, of two broadcast operands.

Source: tflite/kernels/comparisons.cc (NotEqualEval).
"""

from __future__ import annotations

import numpy as np

from ._comparison import comparison_rows

SUPPORT = comparison_rows("NOT_EQUAL", 4, np.not_equal, "float32 float16 int32 int64 bool string")
