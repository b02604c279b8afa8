"""CUMSUM: running sums along an axis, from either end, with or without the element itself.

Source: tflite/kernels/cumsum.cc, internal/reference/cumsum.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import along, axis_of, once, scalar


def prepare(op: Op) -> Kernel:
    axis_operand = once(scalar, op.inputs[1])
    exclusive, reverse = op.options.exclusive, op.options.reverse

    @quietly
    def run(x: np.ndarray, axis_array: np.ndarray) -> tuple[np.ndarray]:
        axis = axis_of(axis_operand(axis_array), x.ndim)
        backward = along(axis, slice(None, None, -1 if reverse else 1))
        total = np.zeros_like(x)
        source, target = x[backward], total[backward]
        if exclusive:
            source, target = source[along(axis, slice(-1))], target[along(axis, slice(1, None))]
        np.cumsum(source, axis=axis, dtype=x.dtype, out=target)
        total += 0  # as if 0 had come first, to which -0.0 is added
        return (total,)

    return run


SUPPORT = [OpSupport("CUMSUM", (1, 1), "T int32 -> T", kernel=prepare, T="float32 int32 int64")]
