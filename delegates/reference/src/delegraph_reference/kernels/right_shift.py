"""RIGHT_SHIFT: x shifted right by y bits, signed numbers with their sign, of two broadcast operands.

Numbers of bits below 0 count as 0, those beyond the type's as one less than it has.

Source: tflite/kernels/right_shift.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula


def shifted(x: np.ndarray, bits: np.ndarray) -> np.ndarray:
    most = x.dtype.type(8 * x.dtype.itemsize - 1)
    return np.asarray(np.right_shift(x, np.clip(bits, x.dtype.type(0), most)))


SUPPORT = [
    OpSupport(
        "RIGHT_SHIFT", (1, 1), "T T -> T", kernel=by_formula(shifted), T="int8 uint8 uint16 int32 uint32"
    )
]
