"""What the ops that only move values share: every type, operands that may be known beforehand, slices.

A kernel with sizes, axes or indices as operands does not care whether they are constants or computed::

    order = once(_order, op.inputs[1])

    def run(x, permutation):
        return (x.transpose(order(permutation)),)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from delegraph import InputError, Tensor, shape_text

Made = TypeVar("Made")

# Every type whose values lie in numpy arrays; an op that only moves values takes them all.
EVERY_TYPE = (
    "float32 float16 bfloat16 float64 float8_e4m3fn float8_e5m2 int2 int4 uint4 int8 uint8 int16 uint16 "
    "int32 uint32 int64 uint64 bool string complex64 complex128"
)


def once(make: Callable[..., Made], *operands: Tensor | None) -> Callable[..., Made]:
    """Return a function of the operands' arrays that gives ``make`` of them.

    Where all operands are constants, it is computed here and kept.
    """
    if all(t is None or t.is_constant for t in operands):
        made = make(*(None if t is None else t.data for t in operands))
        return lambda *arrays: made
    return make


def axis_of(axis: int, rank: int) -> int:
    """Return ``axis`` counted from the front.

    :raises InputError: a tensor of this rank has no such axis.
    """
    if not -rank <= axis < rank:
        raise InputError(f"needs an axis from {-rank} to {rank - 1}, found {axis}")
    return axis % rank


def scalar(array: np.ndarray) -> int:
    """Return the one value of an operand that holds an axis, a size or a count."""
    if array.size != 1:
        raise InputError(
            f"needs one value, found {array.size} in an operand of shape {shape_text(array.shape)}"
        )
    return int(array.reshape(-1)[0])


def ints(array: np.ndarray) -> tuple[int, ...]:
    """Return the values of an operand that holds sizes or axes, flat."""
    return tuple(map(int, array.ravel().tolist()))


def along(axis: int, index: slice | int) -> tuple[slice | int, ...]:
    """Return what to index an array with for ``index`` along one axis and all of the axes before it."""
    return (*(slice(None),) * axis, index)


def zero_of(dtype: np.dtype) -> object:
    """Return what fills an array of this dtype where no value is given; strings get empty ones."""
    return b"" if dtype.hasobject else dtype.type(0)


def check_indices(indices: np.ndarray, size: int, what: str = "indices") -> None:
    """Raise InputError unless all indices lie in [0, size)."""
    if indices.size and not (indices.min() >= 0 and indices.max() < size):
        wrong = indices[(indices < 0) | (indices >= size)]
        raise InputError(f"needs {what} from 0 to {size - 1}, found {int(wrong[0])}")


def _stored_as(tensor: Tensor) -> tuple[float, int]:
    return tensor.scale, tensor.zero_point


def joined_shape(shape: Sequence[int], axis: int, size: int) -> tuple[int, ...]:
    """Return ``shape`` with another size along one axis."""
    return (*shape[:axis], size, *shape[axis + 1 :])
