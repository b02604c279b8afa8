"""ADD_N: the sum of two or more tensors of one shape, added from left to right.

Source: tflite/kernels/add_n.cc, internal/reference/reference_ops.h (AddN).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport

from ..elementwise import by_formula


def total(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    y: np.ndarray = first.copy()
    for x in others:
        y += x
    return y


SUPPORT = [OpSupport("ADD_N", (1, 1), "T T T* -> T", kernel=by_formula(total), T="float32 int32")]
