"""CAST: values to another type.

Floats to integers are cut and saturated, and NaN becomes the largest value; integers wrap; complex numbers
lose their imaginary part; what becomes float16 or bfloat16 is rounded to float32 first.

Source: tflite/kernels/cast.cc.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import DTYPES, Op, OpSupport
from delegraph.rules import operand

from .. import bfloat16
from ..elementwise import quietly
from ..kernel import Kernel

Conversion = Callable[[np.ndarray], np.ndarray]


def prepare(op: Op) -> Kernel:
    read = _reader(operand(op, 0).dtype, op.outputs[0].dtype)
    write = _writer(op)

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.asarray(write(read(x))),)

    return run


def _reader(source: str, target: str) -> Conversion:
    if source == "complex64" and target != "complex64":
        return lambda x: x.real
    if source == "bfloat16":
        return bfloat16.widen
    if source == "float16":
        return lambda x: x.astype(np.float32)
    return lambda x: x


def _writer(op: Op) -> Conversion:
    out = op.outputs[0]
    dtype = DTYPES[out.dtype].numpy
    if out.dtype == "bfloat16":
        return lambda x: bfloat16.narrow(x.astype(np.float32))
    if out.dtype == "float16":
        return lambda x: x.astype(np.float32).astype(np.float16)
    if out.dtype == "bool":
        return lambda x: x != 0
    if dtype.kind in "iu" and operand(op, 0).dtype in _REAL:
        low, high = DTYPES[out.dtype].limits
        return lambda x: _saturated(x, low, high).astype(dtype)
    return lambda x: x.astype(dtype)


def _saturated(x: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return floats as numbers within [low, high], to be cut toward zero; NaN becomes ``high``."""
    top = x.dtype.type(high)
    if int(top) > high:  # 2**31 - 1 is no float32
        top = np.nextafter(top, x.dtype.type(0))
    if x.size and x.min() >= low and x.max() <= top:  # what is usual is also fast; NaN compares false
        return x
    fits = x <= top
    stored = np.where(fits, np.maximum(x, x.dtype.type(low)), 0).astype(np.int64)
    return np.where(fits, stored, high)


_REAL = ("float32", "float16", "bfloat16", "float64", "complex64")
_WHOLE_BYTES = "float32 float16 bfloat16 float64 int8 uint8 int16 uint16 int32 uint32 int64 bool complex64"
SUPPORT = [
    OpSupport("CAST", (1, 9), "A -> B", kernel=prepare, A=_WHOLE_BYTES, B=_WHOLE_BYTES),
    OpSupport("CAST", (1, 9), "float32 -> B", kernel=prepare, B="int2 int4 uint4"),
    OpSupport("CAST", (1, 9), "A -> float32", kernel=prepare, A="int2 int4 uint4"),
]
