"""TOPK_V2: the k largest values of each row, the largest first, and where they stand.

Source: tflite/kernels/topk_v2.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import once, scalar


def prepare(op: Op) -> Kernel:
    """x: (*rows, values) -> (*rows, k) twice; of equal values the first comes first."""
    size, index_type = shape_of(op.inputs[0])[-1], np.dtype(op.outputs[1].dtype)
    count = once(lambda k: _count(scalar(k), size), op.inputs[1])

    def run(x: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = _descending(x)[..., : count(k)]
        return np.take_along_axis(x, places, -1), places.astype(index_type)

    return run


def _descending(x: np.ndarray) -> np.ndarray:
    """Return the places of each row's values, the largest first and NaN last; of equals the first first."""
    if x.dtype.kind == "f":
        return np.argsort(-x, axis=-1, kind="stable")
    # A stable ascending sort of the row read backwards, read backwards: descending, and stable again.
    ascending = np.argsort(x[..., ::-1], axis=-1, kind="stable")
    return np.asarray(x.shape[-1] - 1 - ascending[..., ::-1])


def _count(k: int, size: int) -> int:
    if k > size:
        raise InputError(f"needs a k of at most {size}, found {k}")
    return max(k, 0)


@needs("rows of at least one axis")
def rows_of_values(op: Op) -> str | None:
    return None if shape_of(op.inputs[0]) else "a scalar"


SUPPORT = [
    OpSupport(
        "TOPK_V2",
        (1, 3),
        "T int32|int16 -> T int32|int16",
        T="float32 int8 uint8 int16 int32 int64",
        constraints=(rows_of_values,),
        kernel=prepare,
    )
]
