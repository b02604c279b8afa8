"""REDUCE_ANY: whether any value over axes is true.

Source: tflite/kernels/reduce.cc (EvalType).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._reduce import Axes, prepare_reduction


def prepare(op: Op) -> Kernel:
    def any_of(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        return np.asarray(x.any(axes, keepdims=keep_dims))

    return prepare_reduction(op, any_of)


SUPPORT = [OpSupport("REDUCE_ANY", (1, 1), "bool int32 -> bool", kernel=prepare)]
