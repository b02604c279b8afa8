"""What ops share whose indices are computed: rows of a tensor, each picked by one or several indices.

An index that lies outside of its axis picks the nearest row there is: nothing else is ever read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from delegraph import frozen

from ..program.launch import Launch, blocks, int32s
from ..program.node import C_TYPES, Value
from ..program.target import Target
from .elementwise import spread
from .movement import ELEMENTS, elements_of, stored, table

_WORK = 4096  # elements of a work-item on a CPU, at least


@frozen
class Picks:
    """Which rows are picked, in the order in which they are stored.

    The output is (batches, outer, picks, inner), the indices are (batches, picks, depth), and the input is
    (batches, outer, *sizes, inner) with ``depth`` sizes, whatever the number of batches.
    """

    outer: int
    picks: int
    sizes: tuple[int, ...]
    inner: int


def picked(x: Value, indices: Value, y: Value, picks: Picks, target: Target) -> Iterator[Launch]:
    """Yield the launch that stores rows of ``x`` in ``y``; none if there is nothing to store."""
    if not y.size:
        return
    assert x.size, "no rows to pick from"
    elements = elements_of(x, y, target)
    per_item = 1 if target.variant == "gpu" else max(_WORK, blocks(y.size, 64))
    sizes = np.array(picks.sizes, np.int64)
    strides = np.array([math.prod(picks.sizes[i + 1 :]) * picks.inner for i in range(len(sizes))], np.int64)
    numbers = (picks.outer, picks.picks, picks.inner, len(sizes), y.size, per_item)
    yield Launch(
        _SOURCE,
        "picked",
        (
            stored(x),
            stored(indices),
            y,
            table(np.concatenate([sizes, strides])),
            *int32s(*numbers),
            *elements.args,
        ),
        *spread(blocks(y.size, per_item), target),
        (*elements.all_defines, ("INDEX", C_TYPES[indices.dtype])),
        writes=(y,),
    )


_SOURCE = (
    ELEMENTS
    + """
__kernel void picked(__global const X* restrict x, __global const INDEX* restrict indices,
                     __global Y* restrict y, __global const int* restrict axes,
                     int outer, int picks, int inner, int depth, int n, int per_item ELEMENT_PARAMS) {
  __global const int* sizes = axes;
  __global const int* strides = axes + depth;
  int whole = inner;  // elements that one pick chooses from
  for (int d = 0; d < depth; d++) whole *= sizes[d];
  int at = get_global_id(0) * per_item, last = min(at + per_item, n);
  for (int row = at / inner, k = at % inner; at < last; row++, k = 0) {
    int group = row / picks;  // batch and outer position
    int from = group * whole;
    __global const INDEX* chosen = indices + (group / outer * picks + row % picks) * depth;
    for (int d = 0; d < depth; d++)
      from += (int)min(max(chosen[d], (INDEX)0), (INDEX)(sizes[d] - 1)) * strides[d];
    int stop = min(inner, k + last - at), to = row * inner;
    at += stop - k;
    for (; k < stop; k++) MOVE(from + k, to + k);
  }
}
"""
)
