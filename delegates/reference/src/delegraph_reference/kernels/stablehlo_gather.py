"""STABLEHLO_GATHER: blocks of a tensor, picked by where they begin.

Source: tflite/kernels/stablehlo_gather.cc; StableHLO's specification of gather.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    """Return the blocks of ``slice_sizes`` at the start indices, moved to lie inside of x.

    Axis ``index_vector_dim`` of the indices holds the start along the axes ``start_index_map``; the others
    are batch axes. ``collapsed_slice_dims`` go; what is left of a block lies along ``offset_dims``.
    """
    shape, o = shape_of(op.inputs[0]), op.options
    sizes, collapsed = _ints(o.slice_sizes), set(_ints(o.collapsed_slice_dims))
    kept = [axis for axis in range(len(shape)) if axis not in collapsed]
    starts_along, offset_axes = _ints(o.start_index_map), _ints(o.offset_dims)
    vector = o.index_vector_dim

    def run(x: np.ndarray, indices: np.ndarray) -> tuple[np.ndarray]:
        starts = np.moveaxis(indices, vector, 0) if vector < indices.ndim else indices[None]
        batch = starts.shape[1:]
        places = []
        for axis, (size, block) in enumerate(zip(shape, sizes, strict=True)):
            begin = starts[starts_along.index(axis)] if axis in starts_along else np.zeros(batch, np.int64)
            begin = np.clip(begin, 0, size - block).reshape((*batch, *(1,) * len(kept)))
            within = tuple(block if a == axis else 1 for a in kept)
            places.append(begin + np.arange(block if axis in kept else 1).reshape(within))
        found = np.asarray(x[tuple(places)], x.dtype)
        behind = range(len(batch), len(batch) + len(kept))
        return (np.asarray(np.moveaxis(found, list(behind), offset_axes), order="C"),)

    return run


def _ints(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(v) for v in values)


@needs("slices that lie inside of the tensor")
def slices_inside(op: Op) -> str | None:
    shape, sizes = shape_of(op.inputs[0]), _ints(op.options.slice_sizes)
    fits = len(sizes) == len(shape) and all(0 <= n <= d for n, d in zip(sizes, shape, strict=True))
    return None if fits else f"slice_sizes {sizes} for {shape_text(shape)}"


@needs("dimension numbers that name each axis once")
def proper_dimensions(op: Op) -> str | None:
    rank, indices, o = len(shape_of(op.inputs[0])), shape_of(op.inputs[1]), op.options
    collapsed, starts, offsets = map(_ints, (o.collapsed_slice_dims, o.start_index_map, o.offset_dims))
    vector = o.index_vector_dim
    if not 0 <= vector <= len(indices):
        return f"index_vector_dim {vector} for indices {shape_text(indices)}"
    length = indices[vector] if vector < len(indices) else 1
    behind = rank - len(collapsed) + len([n for axis, n in enumerate(indices) if axis != vector])
    fits = (
        _distinct(collapsed, rank)
        and _distinct(starts, rank)
        and _distinct(offsets, behind)
        and len(offsets) == rank - len(collapsed)
        and len(starts) == length
    )
    return (
        None
        if fits
        else f"{collapsed}, {starts} and {offsets} for {rank} axes and indices {shape_text(indices)}"
    )


def _distinct(axes: tuple[int, ...], rank: int) -> bool:
    return len(set(axes)) == len(axes) and all(0 <= axis < rank for axis in axes)


SUPPORT = [
    OpSupport(
        "STABLEHLO_GATHER",
        (1, 1),
        "T int32|int64 -> T",
        T=EVERY_TYPE,
        constraints=(slices_inside, proper_dimensions),
        kernel=prepare,
    )
]
