"""MAX_POOL_2D: the largest value that a window covers of the image.

Source: tflite/kernels/pooling.cc; internal/reference/pooling.h and integer_ops/pooling.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, stored_range
from delegraph.rules import operand

from ..elementwise import activation, some_negative_zero
from ..kernel import Kernel
from ..pooling import POOLS_FLOATS, POOLS_INTEGERS, pool_kernel, pool_windows
from ..windows import Windows


def prepare_float(op: Op) -> Kernel:
    """NaN never is the largest; where there is nothing else, float32's lowest value is."""
    lowest = np.finfo(np.float32).min
    windows, activate = pool_windows(op), activation(op)

    def write(largest: np.ndarray, out: np.ndarray, rows: slice) -> None:
        np.fmax(largest, lowest, out=out)
        activate(out)

    pooled = pool_kernel(windows, np.fmax, "float32", lowest, write)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        (y,) = pooled(x)
        if not y.all() and some_negative_zero(x):
            for image, result in zip(x, y, strict=True):
                _sign_zeros(image, windows, result)
        return (y,)

    return run


def _sign_zeros(image: np.ndarray, windows: Windows, pooled: np.ndarray) -> None:
    """Give zeros the sign of the first zero in their window."""
    rows, _ = windows.positions
    seen = windows.padded(image, 0, rows, -np.inf, image.dtype)
    patches = windows.patches(seen, rows)  # (rows, columns, height, width, channels)
    unsigned = pooled == 0
    for tap in np.ndindex(patches.shape[2:4]):
        values = patches[:, :, tap[0], tap[1]]
        here = unsigned & (values == 0)
        np.copyto(pooled, values, where=here)
        unsigned &= ~here


def prepare_quantized(op: Op) -> Kernel:
    dtype, bounds = operand(op, 0).dtype, stored_range(op)

    def write(largest: np.ndarray, out: np.ndarray, rows: slice) -> None:
        largest.clip(*bounds, out=out)

    return pool_kernel(pool_windows(op), np.maximum, dtype, np.iinfo(dtype).min, write)


SUPPORT = [
    OpSupport("MAX_POOL_2D", (1, 3), "float32 -> float32", POOLS_FLOATS, prepare_float),
    OpSupport("MAX_POOL_2D", (1, 3), "T -> T", POOLS_INTEGERS, prepare_quantized, T="int8 uint8"),
]
