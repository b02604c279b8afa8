"""REDUCE_MAX and REDUCE_MIN: what they share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import same_quantization

from ..elementwise import some_negative_zero
from ..kernel import Kernel
from ._reduce import Axes, prepare_reduction


def prepare_extreme(op: Op, pick: np.ufunc, start: Callable[[np.dtype], object]) -> Kernel:
    """Return a reduction by ``pick`` (``np.fmax`` or ``np.fmin``), NaN passed over.

    LiteRT begins at ``start`` unless all axes go: a part whose values all lie beyond it (infinities), or
    that is empty, gives ``start``.
    """

    def extreme(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
        whole = len(axes) == x.ndim and x.size > 0
        initial = None if whole else start(x.dtype)  # None: the first value
        found = np.asarray(pick.reduce(x, axes, keepdims=keep_dims, initial=initial))
        return found if found.all() or not some_negative_zero(x) else _with_signs(found, x, axes)

    return prepare_reduction(op, extreme)


def _with_signs(found: np.ndarray, x: np.ndarray, axes: Axes) -> np.ndarray:
    """Give zeros the sign of the first zero that went into them."""
    kept = [axis for axis in range(x.ndim) if axis not in axes]
    values = x.transpose(*kept, *axes).reshape(*(x.shape[axis] for axis in kept), -1)
    first = np.take_along_axis(values, np.argmax(values == 0, -1, keepdims=True), -1)
    return np.where(found == 0, first.reshape(found.shape), found)


def rows(op: str, prepare: Callable[[Op], Kernel]) -> list[OpSupport]:
    types = "float32 int8 uint8 int32 int64 bool"
    constraints = (same_quantization(slice(1)),)
    return [OpSupport(op, (1, 3), "T int32 -> T", T=types, constraints=constraints, kernel=prepare)]
