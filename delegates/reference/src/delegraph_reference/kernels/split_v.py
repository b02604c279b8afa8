"""SPLIT_V: parts of given sizes of a tensor along an axis; views.

Source: tflite/kernels/split_v.cc.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import outputs_for_splits, shape_of, size_for_each

from ..kernel import Kernel
from ._movement import EVERY_TYPE, along, axis_of, ints, once, scalar

Part = tuple["slice | int", ...]


def prepare(op: Op) -> Kernel:
    """Return parts of input 0, of the sizes in input 1, along the axis in input 2; one size may be -1."""
    shape = shape_of(op.inputs[0])

    def parts_of(sizes: np.ndarray, axis: np.ndarray) -> list[Part]:
        return _parts(shape, ints(sizes), axis_of(scalar(axis), len(shape)))

    parts = once(parts_of, *op.inputs[1:])

    def run(x: np.ndarray, sizes: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple([x[part] for part in parts(sizes, axis)])

    return run


def _parts(shape: tuple[int, ...], sizes: tuple[int, ...], axis: int) -> list[Part]:
    rest = shape[axis] - sum(size for size in sizes if size != -1)
    found = [rest if size == -1 else size for size in sizes]
    if sizes.count(-1) > 1 or min(found, default=0) < 0 or sum(found) != shape[axis]:
        raise InputError(f"needs sizes that add up to {shape[axis]}, found {sizes}")
    return [along(axis, slice(end - size, end)) for size, end in zip(found, accumulate(found), strict=True)]


SUPPORT = [
    OpSupport(
        "SPLIT_V",
        (1, 3),
        "T int32|int64 int32 -> T*",
        T=EVERY_TYPE,
        constraints=(outputs_for_splits, size_for_each),
        kernel=prepare,
    )
]
