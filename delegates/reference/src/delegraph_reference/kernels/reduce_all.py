"""REDUCE_ALL: whether all values over axes are true.

Source: tflite/kernels/reduce.cc (EvalType).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._reduce import Axes, prepare_reduction


def prepare(op: Op) -> Kernel:
    def all_of(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        return np.asarray(x.all(axes, keepdims=keep_dims))

    return prepare_reduction(op, all_of)


SUPPORT = [OpSupport("REDUCE_ALL", (1, 1), "bool int32 -> bool", kernel=prepare)]
