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
    by_vectors = target.variant == "cpu" and not target.half and elements.width == 4
    per_item = 1 if target.variant == "gpu" else max(_WORK, blocks(y.size, 64))
    sizes = np.array(picks.sizes, np.int64)
    strides = np.array([math.prod(picks.sizes[i + 1 :]) * picks.inner for i in range(len(sizes))], np.int64)
    numbers = (picks.outer, picks.picks, picks.inner, y.size, per_item)
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
        (
            *elements.all_defines,
            ("INDEX", C_TYPES[indices.dtype]),
            ("BY_VECTORS", int(by_vectors)),
            ("DEPTH", len(sizes)),
        ),
        writes=(y,),
    )


_SOURCE = (
    ELEMENTS
    + """
__kernel void picked(__global const X* restrict x, __global const INDEX* restrict indices,
                     __global Y* restrict y, __global const int* restrict axes,
                     int outer, int picks, int inner, int n, int per_item ELEMENT_PARAMS) {
  __global const int* sizes = axes;
  __global const int* strides = axes + DEPTH;
  int whole = inner;  // elements that one pick chooses from
  for (int d = 0; d < DEPTH; d++) whole *= sizes[d];
  int at = get_global_id(0) * per_item, last = min(at + per_item, n);
  int row = at / inner, k = at - row * inner;
  int group = row / picks, pick = row - group * picks;  // batch and outer position; which pick of it
  int begin = group / outer * picks;  // of the batch's picks
  for (; at < last; row++, k = 0) {
    int from = group * whole;
    __global const INDEX* chosen = indices + (begin + pick) * DEPTH;
    for (int d = 0; d < DEPTH; d++) {
      const INDEX index = chosen[d], most = sizes[d] - 1;  // min and max are calls on PoCL 3.0
      from += (int)(index < 0 ? 0 : index > most ? most : index) * strides[d];
    }
    const int rest = k + last - at, stop = rest < inner ? rest : inner, to = row * inner;
    at += stop - k;
#if BY_VECTORS
    for (; k + 8 <= stop; k += 8) STORE8(y, to + k, LOAD8(x, from + k));
#endif
    for (; k < stop; k++) MOVE(from + k, to + k);
    if (++pick == picks) {  // a division for each row would take longer than to move it
      pick = 0;
      begin = ++group / outer * picks;
    }
  }
}
"""
)
