"""RANGE: the numbers from start to limit, limit excluded, delta apart.

Source: tflite/kernels/range.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import one_value

from ..elementwise import quietly
from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    """float32: each number is the one before plus delta, rounded to float32, as LiteRT adds them up."""

    @quietly
    def run(start: np.ndarray, limit: np.ndarray, delta: np.ndarray) -> tuple[np.ndarray]:
        first, last, step = (a.reshape(()) for a in (start, limit, delta))
        count = _count(first, last, step)
        if count >= 1 << 31:
            raise InputError(f"needs fewer than 2**31 numbers, found {count} from {first} to {last}")
        steps = np.full(count, step, start.dtype)
        steps[:1] = first
        return (np.add.accumulate(steps, dtype=start.dtype),)

    return run


def _count(first: np.ndarray, last: np.ndarray, step: np.ndarray) -> int:
    if step == 0 or (last > first and step < 0) or (last < first and step > 0):
        raise InputError(f"needs a delta that leads from {first} to {last}, found {step}")
    if step.dtype.kind == "i":
        return -(abs(int(last) - int(first)) // -abs(int(step)))
    count = np.ceil(np.abs((last - first) / step))
    if not np.isfinite(count):
        raise InputError(f"needs finite numbers, found {first}, {last} and {step}")
    return int(count)


_VALUES = (one_value(0, "start"), one_value(1, "limit"), one_value(2, "delta"))
SUPPORT = [OpSupport("RANGE", (1, 2), "T T T -> T", _VALUES, prepare, T="float32 int32 int64")]
