"""AVERAGE_POOL_2D: the mean of what a window covers of the image; padding does not count.

Source: tflite/kernels/pooling.cc; internal/reference/pooling.h and integer_ops/pooling.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, stored_range

from ..elementwise import activation
from ..kernel import Kernel
from ..pooling import POOLS_FLOATS, POOLS_INTEGERS, pool_kernel, pool_windows, window_counts


def prepare_float(op: Op) -> Kernel:
    windows, activate = pool_windows(op), activation(op)
    count = window_counts(windows).astype(np.float32)

    def write(sums: np.ndarray, out: np.ndarray, rows: slice) -> None:
        np.divide(sums, count[rows], out=out)
        activate(out)

    return pool_kernel(windows, np.add, "float32", 0, write)


def prepare_quantized(op: Op) -> Kernel:
    """The stored numbers are averaged, to the nearest, halves away from zero."""
    windows, bounds = pool_windows(op), stored_range(op)
    count = window_counts(windows)
    half = np.floor(count / 2)

    def write(sums: np.ndarray, out: np.ndarray, rows: slice) -> None:
        mean = np.trunc((sums + np.copysign(half[rows], sums)) / count[rows])
        np.copyto(out, mean.clip(*bounds), casting="unsafe")

    return pool_kernel(windows, np.add, "int32", 0, write)


SUPPORT = [
    OpSupport("AVERAGE_POOL_2D", (1, 3), "float32 -> float32", POOLS_FLOATS, prepare_float),
    OpSupport("AVERAGE_POOL_2D", (1, 3), "T -> T", POOLS_INTEGERS, prepare_quantized, T="int8 uint8"),
]
