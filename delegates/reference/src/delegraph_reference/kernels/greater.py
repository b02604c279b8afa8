"""GREATER: whether x > y, elementwise, of two broadcast operands.

Source: tflite/kernels/comparisons.cc (GreaterEval).
"""

from __future__ import annotations

import numpy as np

from ._comparison import comparison_rows

SUPPORT = comparison_rows("GREATER", 2, np.greater, "float32 float16 bfloat16 int32 int64")
