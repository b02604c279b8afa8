"""SLICE: a block of a tensor; a view.

Source: tflite/kernels/slice.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    """Return the block of x from ``begin``, of ``size`` along each axis; -1 reaches to the end."""
    shape = shape_of(op.inputs[0])
    block = once(lambda begin, size: _block(shape, ints(begin), ints(size)), *op.inputs[1:])

    def run(x: np.ndarray, begin: np.ndarray, size: np.ndarray) -> tuple[np.ndarray]:
        return (x[block(begin, size)],)

    return run


def _block(shape: tuple[int, ...], begin: tuple[int, ...], size: tuple[int, ...]) -> tuple[slice, ...]:
    if not len(shape) == len(begin) == len(size):
        raise InputError(f"needs {len(shape)} begins and sizes, found {len(begin)} and {len(size)}")
    ends = [d if n == -1 else b + n for d, b, n in zip(shape, begin, size, strict=True)]
    if any(not 0 <= b <= e <= d for d, b, e in zip(shape, begin, ends, strict=True)):
        raise InputError(
            f"needs a block inside shape {shape_text(shape)}, found begin {begin} and size {size}"
        )
    return tuple(map(slice, begin, ends))


SUPPORT = [
    OpSupport("SLICE", (1, 8), f"T {index} {index} -> T", T=EVERY_TYPE, kernel=prepare)
    for index in ("int32", "int64")
]
