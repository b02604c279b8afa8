"""FLOOR_DIV: the largest integer not above x / y, of two broadcast operands. A zero divisor is an error.

8 bits are plain numbers here: scales and zero points have no say.

Source: tflite/kernels/floor_div.cc, internal/reference/binary_function.h (FloorDiv, in float64).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import one_scale_at_most

from ..elementwise import quietly
from ..kernel import Kernel
from .div import check_divisor


def prepare(op: Op) -> Kernel:
    @quietly
    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        check_divisor(y)
        quotient = np.divide(x, y, dtype=np.float64)
        return (np.floor(quotient).astype(x.dtype),)

    return run


def prepare_integers(op: Op) -> Kernel:
    @quietly
    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        check_divisor(y)
        return (np.asarray(np.floor_divide(x, y)),)

    return run


SUPPORT = [
    OpSupport("FLOOR_DIV", (1, 3), "float32 float32 -> float32", kernel=prepare),
    OpSupport("FLOOR_DIV", (1, 3), "T T -> T", (one_scale_at_most,), prepare_integers, T="int8 int32"),
]
