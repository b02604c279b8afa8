"""ADD_N: the sum of two or more tensors of one shape, added from left to right.

Source: tflite/kernels/add_n.cc, internal/optimized/optimized_ops.h (AddN).
"""

from __future__ import annotations

import numpy as np
from delegraph import OpSupport
from delegraph.rules import same_shape

from ..elementwise import by_formula, kept_within

_LARGEST = np.finfo(np.float32).max


def total(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """Each sum ends in float32's range: LiteRT adds with ADD, which has an activation's range."""
    y: np.ndarray = first.copy()
    for x in others:
        y += x
        if y.dtype == np.float32:
            kept_within(y, -_LARGEST, _LARGEST, out=y)
    return y


SUPPORT = [OpSupport("ADD_N", (1, 1), "T T T* -> T", (same_shape,), by_formula(total), T="float32 int32")]
