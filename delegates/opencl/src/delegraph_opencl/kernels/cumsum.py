"""CUMSUM: running sums along an axis, from either end, with or without the element itself.

Source: tflite/delegates/gpu/common/model_builder.cc (CumsumOperationParser).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from delegraph import OpSupport
from delegraph.rules import axes_inside, constant, one_value

from ..families.elementwise import spread
from ..families.support_rows import float_support, plain_support
from ..options import Options
from ..program.launch import Launch, blocks, int32s
from ..program.node import C_TYPES, Kernel, Node
from ..program.target import Target

_LEAST_WORK = 512  # elements of a work-item on a CPU


def support(options: Options) -> Iterable[OpSupport]:
    kernel, types, constraints = (
        Kernel(_launches),
        "T int32 -> T",
        [constant("axis", 1), one_value(1, "axis"), axes_inside(1)],
    )
    yield from float_support(
        "CUMSUM", kernel, options, types, last=1, constraints=constraints, quantized=""
    )
    yield from plain_support("CUMSUM", kernel, options, types, last=1, constraints=constraints)


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """Return one launch: a work-item takes some lines along the axis."""
    x, out, o = node.input(0), node.outputs[0], node.op.options
    if not x.size:
        return
    axis_data = node.op.inputs[1]
    assert axis_data is not None
    assert axis_data.data is not None
    axis = int(axis_data.data.reshape(-1)[0]) % len(x.shape)
    depth, inner = x.shape[axis], math.prod(x.shape[axis + 1 :])
    lines = x.size // depth
    each = max(1, _LEAST_WORK // depth) if target.variant == "cpu" else 1
    items, local = spread(blocks(lines, each), target)
    real = x.dtype == "real"
    defines = (
        ("T", C_TYPES[x.dtype]),
        ("A", "float" if real else C_TYPES[x.dtype]),
        ("GET(i)", "LOAD(x, i)" if real else "x[i]"),
        ("PUT(i, v)", "STORE(y, i, TO_F(v))" if real else "y[i] = v"),
        ("EXCLUSIVE", int(o.exclusive)),
    )
    sizes = int32s(lines, each, depth, inner, -1 if o.reverse else 1)
    yield Launch(_SOURCE, "cumsum", (x, out, *sizes), items, local, defines, (out,), x.size)


_SOURCE = """
__kernel void cumsum(__global const T* restrict x, __global T* restrict y, int lines, int each, int depth,
                     int inner, int sign) {
  int first = get_global_id(0) * each, last = min(first + each, lines);
  for (int line = first; line < last; line++) {
    int at = line / inner * inner * depth + line % inner + (sign < 0 ? (depth - 1) * inner : 0);
    A sum = 0;
    for (int k = 0; k < depth; k++, at += sign * inner) {
      A v = GET(at);
      if (EXCLUSIVE) PUT(at, sum);
      sum += v;
      if (!EXCLUSIVE) PUT(at, sum);
    }
  }
}
"""
