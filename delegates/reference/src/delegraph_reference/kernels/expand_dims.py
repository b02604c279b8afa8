"""EXPAND_DIMS: a new axis of size 1; a view.

Source: tflite/kernels/expand_dims.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import same_quantization, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of, once, scalar


def prepare(op: Op) -> Kernel:
    """Return x with an axis of size 1 at the place that input 1 holds, counted from either end."""
    shape = shape_of(op.inputs[0])

    def expanded(values: np.ndarray) -> tuple[int, ...]:
        axis = axis_of(scalar(values), len(shape) + 1)
        return (*shape[:axis], 1, *shape[axis:])

    new_shape = once(expanded, op.inputs[1])

    def run(x: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray]:
        return (x.reshape(new_shape(axis)),)

    return run


SUPPORT = [
    OpSupport(
        "EXPAND_DIMS",
        (1, 1),
        "T int32|int64 -> T",
        T=EVERY_TYPE,
        constraints=(same_quantization(slice(1)),),
        kernel=prepare,
    )
]
