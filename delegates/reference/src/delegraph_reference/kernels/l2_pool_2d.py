"""L2_POOL_2D: the root of the mean square of what a window covers of the image; padding does not count.

Source: tflite/kernels/pooling.cc; internal/reference/pooling.h (L2Pool).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..elementwise import activation, quietly
from ..kernel import Kernel
from ..pooling import POOLS_FLOATS, pool_kernel, pool_windows, window_counts


def prepare(op: Op) -> Kernel:
    windows, activate = pool_windows(op), activation(op)
    count = window_counts(windows).astype(np.float32)

    def write(sums: np.ndarray, out: np.ndarray, rows: slice) -> None:
        np.sqrt(np.divide(sums, count[rows]), out=out)
        activate(out)

    mean_squares = pool_kernel(windows, np.add, "float32", 0, write)
    return quietly(lambda x: mean_squares(np.square(x)))


SUPPORT = [OpSupport("L2_POOL_2D", (1, 1), "float32 -> float32", POOLS_FLOATS, prepare)]
