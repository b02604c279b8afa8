"""ARG_MAX and ARG_MIN: what they share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import declared_type, one_scale_at_most, shape_of

from ..kernel import Kernel
from ._movement import axis_of, once, scalar

_SHORT = 255  # an axis no longer than this is counted in uint8
_MANY = 512  # results from which on whole rows at a time are faster than numpy's argmax, column by column


def arg_row(op: str, extreme: np.ufunc, find: Callable[..., np.ndarray]) -> OpSupport:
    """Return the row of the op that says where along an axis the first extreme stands.

    ``extreme`` and ``find`` are ``np.fmax`` and ``np.argmax``, or ``np.fmin`` and ``np.argmin``.
    """
    types = "float32|int8|uint8|int32|bool int32|int64 -> int32|int64"
    constraints = (axes_of_values, declared_type, one_scale_at_most)
    return OpSupport(op, (1, 3), types, constraints, lambda op: _prepare(op, extreme, find))


def _prepare(op: Op, extreme: np.ufunc, find: Callable[..., np.ndarray]) -> Kernel:
    shape, dtype = shape_of(op.inputs[0]), np.dtype(op.outputs[0].dtype)
    along = once(lambda axis: axis_of(scalar(axis), len(shape)), op.inputs[1])

    def run(x: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray]:
        at = along(axis)
        if x.shape[at] <= _SHORT and x.size >= _MANY * x.shape[at]:
            return (_by_rows(np.moveaxis(x, at, 0), extreme).astype(dtype),)
        found = np.asarray(find(x, at))
        if x.dtype.kind == "f" and np.isnan(np.take_along_axis(x, np.expand_dims(found, at), at)).any():
            found = _by_rows(np.moveaxis(x, at, 0), extreme)
        return (found.astype(dtype),)

    return run


def _by_rows(x: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Return the first place of the extreme along axis 0: the best of the places counted from the end.

    NaN is passed over; where all is NaN, it is 0.
    """
    x = np.ascontiguousarray(x)
    size = len(x)
    counts = np.arange(size, 0, -1, dtype=np.min_scalar_type(size)).reshape(-1, *(1,) * (x.ndim - 1))
    best = ((x == extreme.reduce(x, 0)) * counts).max(0)
    return np.asarray((size - best.astype(np.int64)) % size)


@needs("axes that are not empty")
def axes_of_values(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return f"shape {shape_text(shape)}" if 0 in shape or not shape else None
