"""SPLIT: equal parts of a tensor along an axis; views.

Source: tflite/kernels/split.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import outputs_for_splits, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, along, axis_of, once, scalar


def prepare(op: Op) -> Kernel:
    """Return as many parts of input 1 as there are outputs, along the axis that input 0 holds."""
    shape, count = shape_of(op.inputs[1]), len(op.outputs)
    parts = once(lambda axis: _parts(shape, axis_of(scalar(axis), len(shape)), count), op.inputs[0])

    def run(axis: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple([x[part] for part in parts(axis)])

    return run


def _parts(shape: tuple[int, ...], axis: int, count: int) -> list[tuple[slice | int, ...]]:
    size, rest = divmod(shape[axis], count)
    if rest:
        raise InputError(f"needs an axis that {count} parts divide, found size {shape[axis]}")
    return [along(axis, slice(i * size, (i + 1) * size)) for i in range(count)]


SUPPORT = [
    OpSupport(
        "SPLIT", (1, 5), "int32 T -> T*", T=EVERY_TYPE, constraints=(outputs_for_splits,), kernel=prepare
    )
]
