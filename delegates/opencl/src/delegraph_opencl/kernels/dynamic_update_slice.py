"""DYNAMIC_UPDATE_SLICE: a tensor with one block replaced.

Source: ml_drift_delegate/tflite/model_builder.cc; tflite/kernels/dynamic_update_slice.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport
from delegraph.rules import update_inside

from ..families.elementwise import spread
from ..families.move_ops import move_support
from ..families.movement import ELEMENTS, elements_of, moved, stored, strides_of, table, tables_of
from ..options import Options
from ..program.launch import Launch, blocks, int32s
from ..program.node import C_TYPES, Kernel, Node
from ..program.target import Target

_WORK = 4096  # elements of a work-item on a CPU, at least


def support(options: Options) -> Iterable[OpSupport]:
    return move_support(
        "DYNAMIC_UPDATE_SLICE",
        Kernel(_launches, narrow=True),
        options,
        "T T int32|int64 -> T",
        last=6,
        constraints=[update_inside],
    )


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """Copy x, then put the update where ``start`` says, moved as far as needed to lie inside of x."""
    x, update, start = node.input(0), node.input(1), node.input(2)
    y = node.outputs[0]
    yield from moved(x, y, tables_of(x.shape), target)
    if not update.size:
        return
    elements = elements_of(update, y, target)
    per_item = 1 if target.variant == "gpu" else max(_WORK, blocks(update.size, 64))
    axes = table(np.array([update.shape, x.shape, strides_of(x.shape)]))
    numbers = int32s(len(x.shape), update.size, per_item)
    yield Launch(
        _SOURCE,
        "update",
        (stored(update), stored(start), y, axes, *numbers, *elements.args),
        *spread(blocks(update.size, per_item), target),
        (*elements.all_defines, ("INDEX", C_TYPES[start.dtype])),
        writes=(y,),
    )


_SOURCE = (
    ELEMENTS
    + """
__kernel void update(__global const X* restrict x, __global const INDEX* restrict start,
                     __global Y* restrict y, __global const int* restrict axes,
                     int rank, int n, int per_item ELEMENT_PARAMS) {
  __global const int* sizes = axes;
  __global const int* whole = axes + rank;
  __global const int* strides = whole + rank;
  int first = get_global_id(0) * per_item, last = min(first + per_item, n);
  for (int i = first; i < last; i++) {
    int rest = i, to = 0;
    for (int d = rank - 1; d >= 0; d--) {
      int begin = (int)min(max(start[d], (INDEX)0), (INDEX)(whole[d] - sizes[d]));
      to += (begin + rest % sizes[d]) * strides[d];
      rest /= sizes[d];
    }
    MOVE(i, to);
  }
}
"""
)
