"""LESS: whether x < y, elementwise, of two broadcast operands.

Source: tflite/kernels/comparisons.cc (LessEval).
"""

from __future__ import annotations

import numpy as np

from ._comparison import comparison_rows

SUPPORT = comparison_rows("LESS", 3, np.less, "float32 float16 bfloat16 int32 int64")
