"""STRIDED_SLICE: what numpy's ``x[begin:end:stride]`` gives, with masks for open ends; a view.

Source: tflite/kernels/strided_slice.cc, internal/reference/strided_slice.h (StartForAxis, EndForAxis).
"""

from __future__ import annotations

from types import EllipsisType
from typing import Any

import numpy as np
from delegraph import InputError, Op, OpSupport, frozen, needs
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once

Index = tuple["slice | int | EllipsisType | None", ...]


def prepare(op: Op) -> Kernel:
    """Return the slice of x that the operands ``begin``, ``end`` and ``strides`` and the masks describe.

    Bit i of a mask is about entry i of the spec: ``begin_mask`` and ``end_mask`` leave that end open,
    ``shrink_axis_mask`` takes one element and drops the axis, ``new_axis_mask`` adds an axis,
    ``ellipsis_mask`` stands for as many axes as are left. With ``offset``, ``end`` counts from ``begin``.
    """
    shape = shape_of(op.inputs[0])

    def index_of(*spec: np.ndarray) -> Index:
        return _index(shape, [_Entry(*values) for values in zip(*map(ints, spec), strict=True)], op.options)

    index = once(index_of, *op.inputs[1:])

    def run(x: np.ndarray, *spec: np.ndarray) -> tuple[np.ndarray]:
        return (x[index(*spec)],)

    return run


@frozen
class _Entry:
    """One entry of the spec."""

    begin: int
    end: int
    stride: int


def _index(shape: tuple[int, ...], entries: list[_Entry], options: Any) -> Index:
    """Return what numpy indexes x with."""
    ellipsis, new_axes = options.ellipsis_mask, options.new_axis_mask & ~options.ellipsis_mask
    added = sum(new_axes >> i & 1 for i in range(len(entries)))
    index: list[slice | int | EllipsisType | None] = []
    axis = 0
    for i, entry in enumerate(entries):
        if ellipsis >> i & 1:
            spread = max(1, len(shape) + added - len(entries) + 1)
            index += [slice(None)] * spread
            axis += spread
        elif new_axes >> i & 1:
            index.append(None)
        elif axis < len(shape):
            index.append(_along_axis(shape[axis], entry, i, options))
            axis += 1
    if axis > len(shape):
        raise InputError(f"needs at most {len(shape)} entries, found {len(entries)}")
    return (*index, ...)  # the ellipsis makes numpy give an array even of rank 0


def _along_axis(size: int, entry: _Entry, i: int, options: Any) -> slice | int:
    stride = entry.stride
    if stride == 0:
        raise InputError("needs strides other than 0, found 0")
    # Positions a slice may begin or end at: one past the last going up, one before the first going down.
    low, high = (0, size) if stride > 0 else (-1, size - 1)
    begin = _clipped(entry.begin, size, low, high)
    if options.begin_mask >> i & 1:
        begin = 0 if stride > 0 else size - 1
    if options.shrink_axis_mask >> i & 1:
        if not 0 <= begin < size:
            raise InputError(f"needs an index from {-size} to {size - 1}, found {entry.begin}")
        return begin
    end = _clipped(entry.end + (begin if options.offset else 0), size, low, high)
    if options.end_mask >> i & 1:
        end = high if stride > 0 else -1
    if begin < 0:  # numpy would count it from the end
        return slice(0, 0)
    return slice(begin, None if end < 0 else end, stride)


def _clipped(position: int, size: int, low: int, high: int) -> int:
    return min(max(position + size if position < 0 else position, low), high)


@needs("a new_axis_mask of no more bits than there are begins")
def fitting_new_axes(op: Op) -> str | None:
    mask, entries = op.options.new_axis_mask, int(np.prod(shape_of(op.inputs[1])))
    return None if 0 <= mask < 1 << entries else f"{mask} for {entries}"


SUPPORT = [
    OpSupport(
        "STRIDED_SLICE", (1, 8), "T int32 int32 int32 -> T", (fitting_new_axes,), prepare, T=EVERY_TYPE
    )
]
