"""SOFTMAX of int16 along the last axis: exponentials and the reciprocal of their sum from tables.

The arithmetic and the tables are those of ``reference/softmax.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, blocks, int32s

from ..reference import softmax
from ._claims import as_numpy
from ._vectors import LEAST_WORK, spread


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, y = node.input(0), node.outputs[0]
    if not y.size:
        return
    depth = y.shape[-1]
    rows = y.size // depth
    least = max(LEAST_WORK // depth, 1)
    each = 1 if target.variant == "gpu" else min(least, blocks(rows, 4 * target.units))
    items, local = spread(blocks(rows, each), target)
    op = node.op
    yield Launch(
        _SOURCE,
        "softmax",
        (
            x,
            Packed(f"{op}: exponentials", lambda: softmax.by_distance(op).astype(np.int16)),
            Packed("reciprocals of int16", lambda: softmax.reciprocals().astype(np.int16)),
            y,
            *int32s(rows, each, depth),
        ),
        items,
        local,
        (),
        (y,),
        4 * y.size,
    )


# The sum of a row has at least 15 bits, since exp(0) is in it.
_SOURCE = """
__kernel void softmax(__global const short* restrict x, __global const short* restrict exponentials,
                      __global const short* restrict reciprocals, __global short* restrict y,
                      int rows, int each, int depth) {
  int row = get_global_id(0) * each;
  const int end = min(row + each, rows);
  for (; row < end; row++) {
    __global const short* from = x + row * depth;
    int largest = from[0];
    for (int i = 1; i < depth; i++) largest = max(largest, (int)from[i]);
    long total = 0;
    for (int i = 0; i < depth; i++) total += exponentials[(ushort)(largest - from[i])];
    const int bits = 64 - (int)clz(total);
    const long leading = bits > 31 ? total >> (bits - 31) : total << (31 - bits);
    const int share = reciprocals[clamp(((leading + (1 << 13)) >> 14) - (1 << 16), 0L, 65535L)];
    for (int i = 0; i < depth; i++) {
      const long v = (long)exponentials[(ushort)(largest - from[i])] * share;
      y[row * depth + i] = clamp((v + (1L << (bits - 2))) >> (bits - 1), 0L, 32767L);
    }
  }
}
"""

SUPPORT = as_numpy(softmax.SUPPORT, Kernel(_launches))
