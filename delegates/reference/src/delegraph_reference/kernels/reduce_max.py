"""REDUCE_MAX: the largest value over axes.

Source: tflite/kernels/reduce.cc (EvalType).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op

from ..kernel import Kernel
from ._reduce_extreme import prepare_extreme, rows


def prepare(op: Op) -> Kernel:
    return prepare_extreme(op, np.fmax, _smallest)


def _smallest(dtype: np.dtype) -> object:
    if dtype.kind == "b":
        return False
    return np.finfo(dtype).min if dtype.kind == "f" else np.iinfo(dtype).min


SUPPORT = rows("REDUCE_MAX", prepare)
