"""GATHER: slices of a tensor along an axis, picked by index.

Source: tflite/kernels/gather.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of, check_indices


def prepare(op: Op) -> Kernel:
    """Return x's slices along ``axis`` at the indices.

    x: (*batch, *outer, axis, *inner), indices: (*batch, *picks) -> (*batch, *outer, *picks, *inner), with
    ``batch_dims`` leading axes in common.
    """
    shape, picked = shape_of(op.inputs[0]), shape_of(op.inputs[1])
    axis = axis_of(op.options.axis, len(shape))
    batch = op.options.batch_dims + (len(picked) if op.options.batch_dims < 0 else 0)
    if not 0 <= batch <= min(axis, len(picked)):
        raise InputError(f"needs at most {min(axis, len(picked))} leading axes in common, found {batch}")
    if picked == () and axis == 0:
        return _one_of(shape[0])

    def run(x: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray]:
        check_indices(indices, shape[axis])
        if batch == 0:
            return (np.asarray(x.take(indices, axis), x.dtype),)
        return (_taken_in_batches(x, indices, axis, batch),)

    return run


def _one_of(size: int) -> Kernel:
    """A single slice is a view."""

    def run(x: np.ndarray, index: np.ndarray) -> tuple[np.ndarray]:
        place = index.item()
        if not 0 <= place < size:
            check_indices(index, size)
        return (x[place, ...],)

    return run


def _taken_in_batches(x: np.ndarray, indices: np.ndarray, axis: int, batch: int) -> np.ndarray:
    rows = [np.arange(d).reshape(-1, *(1,) * (indices.ndim - 1 - i)) for i, d in enumerate(x.shape[:batch])]
    # The indexed axes come to the front together, so that picks stand right behind the batch.
    places = (*rows, indices)
    picked = np.moveaxis(x, axis, batch)[places]
    outer = range(indices.ndim, indices.ndim + axis - batch)
    return np.asarray(np.moveaxis(picked, list(outer), range(batch, axis)), order="C")


SUPPORT = [OpSupport("GATHER", (1, 8), "T int16|int32|int64 -> T", T=EVERY_TYPE, kernel=prepare)]
