"""STABLEHLO_SCATTER: a tensor with blocks put in, added, multiplied in, or kept where they are larger.

Source: tflite/kernels/stablehlo_scatter.cc; StableHLO's specification of scatter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._body import body_among, combination, replaces
from ._movement import EVERY_TYPE
from ._stablehlo import NUMBERS

Put = Callable[[np.ndarray, np.ndarray, np.ndarray], None]  # (flat tensor, places in it, values)


def prepare_replacing(op: Op) -> Kernel:
    """The last of several values for one place stays."""
    return _prepare(op, np.ndarray.__setitem__)


def prepare_combining(op: Op) -> Kernel:
    """Values for one place are combined in the order of the updates. A NaN is no larger and no smaller."""
    combine = combination(op)

    def put(out: np.ndarray, places: np.ndarray, values: np.ndarray) -> None:
        if combine in (np.maximum, np.minimum) and values.dtype.kind == "f":
            given = ~np.isnan(values)
            places, values = places[given], values[given]
        combine.at(out, places, values)

    return _prepare(op, put)


def _prepare(op: Op, put: Put) -> Kernel:
    """Return a kernel that puts blocks where the indices say, and leaves out what falls outside of x.

    Axis ``index_vector_dim`` of the indices holds where a block begins, along the axes of x in
    ``scatter_dims_to_operand_dims``. Of the updates' axes, ``update_window_dims`` lie along those axes of x
    that are not among ``inserted_window_dims``; the others count blocks.
    """
    shape, o, size = shape_of(op.inputs[0]), op.options, shape_of(op.inputs[2])
    along, windows = _ints(o.scatter_dims_to_operand_dims), _ints(o.update_window_dims)
    inserted, vector = _ints(o.inserted_window_dims), o.index_vector_dim
    window_of = dict(zip([a for a in range(len(shape)) if a not in inserted], windows, strict=True))
    batch = [1 if axis in windows else n for axis, n in enumerate(size)]

    @quietly
    def run(x: np.ndarray, indices: np.ndarray, updates: np.ndarray) -> tuple[np.ndarray]:
        starts = np.moveaxis(indices, vector, 0) if vector < indices.ndim else indices[None]
        inside, places = np.ones(size, bool), np.zeros(size, np.int64)
        for axis, count in enumerate(shape):
            place = np.zeros((1,) * len(size), np.int64)
            if axis in along:
                place = place + starts[along.index(axis)].reshape(batch)
            if axis in window_of:
                place = place + _ramp(size, window_of[axis])
            inside &= (place >= 0) & (place < count)
            places = places * count + place
        out = np.array(x, order="C")
        put(out.reshape(-1), places[inside], updates[inside])
        return (out,)

    return run


def _ramp(size: tuple[int, ...], axis: int) -> np.ndarray:
    """Return 0, 1, 2, … along one axis, to broadcast against ``size``."""
    return np.arange(size[axis]).reshape([-1 if a == axis else 1 for a in range(len(size))])


def _ints(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(v) for v in values)


@needs("dimension numbers that fit the shapes")
def fitting_dimensions(op: Op) -> str | None:
    x, indices, updates = map(shape_of, op.inputs)
    o = op.options
    along, windows = _ints(o.scatter_dims_to_operand_dims), _ints(o.update_window_dims)
    inserted = _ints(o.inserted_window_dims)
    for name, axes, rank in (
        ("scatter_dims_to_operand_dims", along, len(x)),
        ("update_window_dims", windows, len(updates)),
        ("inserted_window_dims", inserted, len(x)),
        ("index_vector_dim", (o.index_vector_dim,), len(indices) + 1),
    ):
        if len(set(axes)) < len(axes) or not all(0 <= axis < rank for axis in axes):
            return f"{name} {axes} of rank {rank}"
    if len(windows) + len(inserted) != len(x):
        return f"{len(windows)} window and {len(inserted)} inserted dimensions of {len(x)}"
    vector = o.index_vector_dim
    found = (*indices, 1)[vector] if vector <= len(indices) else None
    if found != len(along):
        return f"{len(along)} scatter_dims_to_operand_dims and {found} in an index"
    blocks = tuple(n for axis, n in enumerate(updates) if axis not in windows)
    counted = indices[:vector] + indices[vector + 1 :]
    return None if blocks == counted else f"updates for {blocks} blocks and indices for {counted}"


# LiteRT takes no other ops here, not even their twins ADD, MUL, MAXIMUM and MINIMUM.
_BODIES = ("STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM")
_TYPES = "T int32|int64 T -> T"
SUPPORT = [
    OpSupport(
        "STABLEHLO_SCATTER",
        (1, 1),
        _TYPES,
        (body_among(_BODIES), fitting_dimensions),
        prepare_combining,
        T=f"{NUMBERS} int16",  # here, not in delegraph-int16: the row below has all types
    ),
    OpSupport(
        "STABLEHLO_SCATTER", (1, 1), _TYPES, (replaces, fitting_dimensions), prepare_replacing, T=EVERY_TYPE
    ),
]
