"""STRIDED_SLICE: what numpy's ``x[begin:end:stride]`` gives, with masks for open ends.

Source: tflite/delegates/gpu/common/model_builder.cc (StridedSliceOperationParser);
tflite/kernels/strided_slice.cc.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import constant

from ..families.move_ops import ints, move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("begin, end and strides", 1, 2, 3)]
    types = "T int32 int32 int32 -> T"
    return move_support("STRIDED_SLICE", moving(_sources), options, types, last=8, constraints=constraints)


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    """Return the tables of x at the slice that the spec describes; bit i of a mask is about its entry i.

    A slice along one axis means what it means in Python, ends that lie outside included. An axis that
    shrinks is one of size 1 here, as is a new one.
    """
    o, entries = op.options, list(zip(ints(op, 1), ints(op, 2), ints(op, 3), strict=True))
    new_axes = o.new_axis_mask & ~o.ellipsis_mask
    added = sum(new_axes >> i & 1 for i in range(len(entries)))
    found: list[np.ndarray] = []
    axis = 0
    for i, entry in enumerate(entries):
        if o.ellipsis_mask >> i & 1:
            spread = max(1, len(tables) + added - len(entries) + 1)
            found += tables[axis : axis + spread]
            axis += spread
        elif new_axes >> i & 1:
            found.append(np.zeros(1, np.int64))
        elif axis < len(tables):
            found.append(_along_axis(tables[axis], *entry, i, o))
            axis += 1
    return found + tables[axis:]


def _along_axis(table: np.ndarray, begin: int, end: int, stride: int, i: int, o: Any) -> np.ndarray:
    start = slice(None if o.begin_mask >> i & 1 else begin, None, stride)
    first = start.indices(len(table))[0]
    if o.shrink_axis_mask >> i & 1:
        return table[first : first + 1]
    stop = None if o.end_mask >> i & 1 else end + (first if o.offset else 0)
    return table[start.start : stop : stride]
