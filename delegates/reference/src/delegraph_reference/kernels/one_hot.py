"""ONE_HOT: for each index a row that is ``on`` there and ``off`` elsewhere.

Source: tflite/kernels/one_hot.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import one_value, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of, once, scalar


def prepare(op: Op) -> Kernel:
    """Return the rows along a new axis at ``axis``; an index outside of [0, depth) has no ``on``."""
    rank = len(shape_of(op.inputs[0]))
    axis = axis_of(op.options.axis, rank + 1)
    places = once(lambda depth: _places(scalar(depth), rank - axis), op.inputs[1])

    def run(indices: np.ndarray, depth: np.ndarray, on: np.ndarray, off: np.ndarray) -> tuple[np.ndarray]:
        hot = np.expand_dims(indices, axis) == places(depth)
        return (np.where(hot, on.reshape(()), off.reshape(())),)

    return run


def _places(depth: int, behind: int) -> np.ndarray:
    if depth < 0:
        raise InputError(f"needs a depth of at least 0, found {depth}")
    return np.arange(depth).reshape(-1, *(1,) * behind)


_VALUES = (one_value(1, "depth"), one_value(2, "on"), one_value(3, "off"))
SUPPORT = [OpSupport("ONE_HOT", (1, 1), "int32|int64 int32 T T -> T", _VALUES, prepare, T=EVERY_TYPE)]
