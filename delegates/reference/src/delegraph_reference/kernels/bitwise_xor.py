"""BITWISE_XOR: the bits in which two broadcast operands differ.

Source: tflite/kernels/bitwise_xor.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula

SUPPORT = [
    OpSupport(
        "BITWISE_XOR",
        (1, 1),
        "T T -> T",
        kernel=by_formula(np.bitwise_xor),
        T="int8 uint8 uint16 int32 uint32",
    )
]
