"""ADD: elementwise sum of two broadcast operands, and a fused activation.

8 bits: see ``_rescaled_sum``. int32 and int64 wrap.

Source: tflite/kernels/add.cc, internal/reference/add.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import known_activation

from ..elementwise import by_formula
from ..lut import by_pair
from ._rescaled_sum import SUM_SCALES, rescaled_sum

SUPPORT = [
    OpSupport(
        "ADD", (1, 6), "T T -> T", (known_activation,), by_formula(np.add), T="float32 float16 int32 int64"
    ),
    OpSupport(
        "ADD",
        (1, 6),
        "T T -> T",
        (known_activation, *SUM_SCALES),
        by_pair(rescaled_sum(1)),
        T="int8 uint8",
    ),
]
