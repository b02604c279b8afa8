"""REDUCE_MIN: the smallest value over axes.

Source: tflite/kernels/reduce.cc (EvalType).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op

from ..kernel import Kernel
from ._reduce_extreme import prepare_extreme, rows


def prepare(op: Op) -> Kernel:
    return prepare_extreme(op, np.fmin, _largest)


def _largest(dtype: np.dtype) -> object:
    if dtype.kind == "b":
        return True
    return np.finfo(dtype).max if dtype.kind == "f" else np.iinfo(dtype).max


SUPPORT = rows("REDUCE_MIN", prepare)
