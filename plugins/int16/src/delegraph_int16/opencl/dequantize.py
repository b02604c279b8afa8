"""DEQUANTIZE: the real numbers that int16 values stand for, scale * stored, rounded once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport, evolve
from delegraph_opencl import Kernel, Launch, Node, Options, Target, int32s
from delegraph_reference import row_of

from ._vectors import LEAST_WORK, shared_out

_STORED_AS_HALF = 2.0**-11  # how far off a number is that float16 stores


def support(options: Options) -> Iterable[OpSupport]:
    rtol = _STORED_AS_HALF if options.precision == "float16" else 0.0
    yield evolve(row_of("DEQUANTIZE", "int16 -> float32"), kernel=Kernel(_launches), rtol=rtol)


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, y = node.input(0), node.outputs[0]
    if not y.size:
        return
    each, items, local = shared_out(y.size, target, LEAST_WORK)
    args = (x, y, np.float32(x.tensor.scale), *int32s(x.tensor.zero_point, y.size, each))
    yield Launch(_SOURCE, "dequantize", args, items, local, (), (y,), y.size)


_SOURCE = """
__kernel void dequantize(__global const short* restrict x, __global REAL* restrict y, float scale,
                         int zero_point, int size, int each) {
  const int first = get_global_id(0) * each, last = min(first + each, size);
  for (int i = first; i < last; i++) STORE(y, i, TO_F((float)(x[i] - zero_point) * scale));
}
"""
