"""REVERSE_V2: a tensor read backwards along some axes; a view.

Source: tflite/kernels/reverse.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of, ints, once


def prepare(op: Op) -> Kernel:
    rank = len(shape_of(op.inputs[0]))

    def backwards(values: np.ndarray) -> tuple[slice, ...]:
        axes = {axis_of(axis, rank) for axis in ints(values)}
        return tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(rank))

    index = once(backwards, op.inputs[1])

    def run(x: np.ndarray, axes: np.ndarray) -> tuple[np.ndarray]:
        return (x[index(axes)],)

    return run


SUPPORT = [OpSupport("REVERSE_V2", (1, 4), "T int32 -> T", T=EVERY_TYPE, kernel=prepare)]
