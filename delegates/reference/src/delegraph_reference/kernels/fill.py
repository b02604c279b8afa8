"""FILL: a tensor of one value.

Source: tflite/kernels/fill.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import one_value, same_quantization

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    shape = once(_shape, op.inputs[0])

    def run(dims: np.ndarray, value: np.ndarray) -> tuple[np.ndarray]:
        return (np.full(shape(dims), value.reshape(()), value.dtype),)

    return run


def _shape(dims: np.ndarray) -> tuple[int, ...]:
    shape = ints(dims)
    if min(shape, default=0) < 0:
        raise InputError(f"needs sizes of at least 0, found {list(shape)}")
    return shape


SUPPORT = [
    OpSupport(
        "FILL",
        (1, 5),
        "int32|int64 T -> T",
        T=EVERY_TYPE,
        constraints=(same_quantization(slice(1, 2)), one_value(1, "filling")),
        kernel=prepare,
    )
]
