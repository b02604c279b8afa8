"""DILATE: a tensor with a value put between its elements.

Source: tflite/kernels/dilate.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import one_value, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    """Elements come to lie ``dilations`` apart along each axis."""
    rank = len(shape_of(op.inputs[0]))
    steps = once(lambda values: _steps(ints(values), rank), op.inputs[1])

    def run(x: np.ndarray, dilations: np.ndarray, value: np.ndarray) -> tuple[np.ndarray]:
        apart = steps(dilations)
        size = [max((d - 1) * n + 1, 0) for d, n in zip(x.shape, apart, strict=True)]
        out = np.full(size, value.reshape(()), x.dtype)
        out[tuple(slice(None, None, n) for n in apart)] = x
        return (out,)

    return run


def _steps(dilations: tuple[int, ...], rank: int) -> tuple[int, ...]:
    if len(dilations) != rank or min(dilations, default=1) < 1:
        raise InputError(f"needs {rank} dilations of at least 1, found {dilations}")
    return dilations


SUPPORT = [OpSupport("DILATE", (1, 1), "T int32 T -> T", (one_value(2, "filling"),), prepare, T=EVERY_TYPE)]
