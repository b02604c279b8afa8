"""POW: x to the power of y, broadcast.

One whole exponent of at least 1, broadcast over x, becomes repeated multiplication. Negative integer
exponents are an error.

Source: tflite/kernels/pow.cc, internal/optimized/optimized_ops.h (BroadcastPow4D, IntegerExponentPow).
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import operand

from ..elementwise import quietly, to_int32
from ..kernel import Kernel
from ..transcendental import power

_NEARLY_WHOLE = 1e-5


def prepare_float(op: Op) -> Kernel:
    may_multiply = _broadcasts_one_exponent(op)
    largest = np.finfo(np.float32).max

    @quietly
    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        exponent = y.reshape(-1)[0] if may_multiply else np.float32(0)
        whole = int(np.rint(exponent)) if np.isfinite(exponent) else 0
        if whole >= 1 and abs(exponent - whole) < _NEARLY_WHOLE:
            return (_multiplied(np.broadcast_arrays(x, y)[0], whole, largest),)
        return (power(x, y),)

    return run


def prepare_integers(op: Op) -> Kernel:
    may_multiply = _broadcasts_one_exponent(op)

    @quietly
    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        if (y < 0).any():
            raise InputError(f"needs exponents that are not negative, found {y.min()}")
        if may_multiply and y.size and y.reshape(-1)[0] >= 1:
            return (_multiplied(np.broadcast_arrays(x, y)[0], int(y.reshape(-1)[0])),)
        real = np.power(x.astype(np.float64), y)  # beyond int32 the smallest number, as x86-64 converts
        return (np.asarray(to_int32(real).astype(np.int32)),)

    return run


def _broadcasts_one_exponent(op: Op) -> bool:
    x, y = operand(op, 0), operand(op, 1)
    return y.size == 1 and x.shape != y.shape


def _multiplied(x: np.ndarray, exponent: int, largest: np.float32 | None = None) -> np.ndarray:
    """Return x**exponent by squaring, from the exponent's highest bit down; floats stay finite."""
    y: np.ndarray = x.copy()
    for bit in bin(exponent)[3:]:
        for factor in (y, x) if bit == "1" else (y,):
            np.multiply(y, factor, out=y)
            if largest is not None:
                np.clip(y, -largest, largest, out=y)
    return y


SUPPORT = [
    OpSupport("POW", (1, 1), "float32 float32 -> float32", kernel=prepare_float),
    OpSupport("POW", (1, 1), "int32 int32 -> int32", kernel=prepare_integers),
]
