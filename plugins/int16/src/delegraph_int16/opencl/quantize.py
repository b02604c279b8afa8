"""QUANTIZE to int16: x / scale in float32, halves away from zero; from int16 by a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import Op, OpSupport, evolve, needs
from delegraph.rules import scales_of
from delegraph_opencl import Kernel, Launch, Node, Options, Target, int32s
from delegraph_reference import row_of

from ._table import as_table
from ._vectors import LEAST_WORK, shared_out

_STEPS_AS_HALF = 1 << 5  # float16 stores x with 11 bits: the 16th may be off by 2**5


@needs("one scale on the output")
def one_scale(op: Op) -> str | None:
    found = len(scales_of(op.outputs[0]))
    return None if found == 1 else f"{found}"


def support(options: Options) -> Iterable[OpSupport]:
    row = row_of("QUANTIZE", "float32 -> int16")
    steps = _STEPS_AS_HALF if options.precision == "float16" else 0
    constraints = (*row.constraints, one_scale)
    yield evolve(
        row, types="float32 -> int16", B="", constraints=constraints, kernel=Kernel(_launches), steps=steps
    )
    yield from as_table([row_of("QUANTIZE", "int16 -> int16")])


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, y = node.input(0), node.outputs[0]
    if not y.size:
        return
    each, items, local = shared_out(y.size, target, LEAST_WORK)
    args = (x, y, np.float32(y.tensor.scale), *int32s(y.tensor.zero_point, y.size, each))
    defines = (("QUOTIENT", "double" if target.device.has_fp64 else "float"),)
    yield Launch(_SOURCE, "quantize", args, items, local, defines, (y,), y.size)


# A quotient in doubles, rounded to float, is the float quotient: OpenCL's own may be off by its last bits.
# 0x1.fffffep-2 is the largest float below 1/2. NaN and what int32 does not hold become its smallest value.
_SOURCE = """
__kernel void quantize(__global const REAL* restrict x, __global short* restrict y, float scale,
                       int zero_point, int size, int each) {
  const int first = get_global_id(0) * each, last = min(first + each, size);
  for (int i = first; i < last; i++) {
    const float steps = (float)((QUOTIENT)(float)LOAD(x, i) / (QUOTIENT)scale);
    const float moved = steps + copysign(0x1.fffffep-2f, steps);
    const int stored = fabs(moved) < 0x1p31f ? (int)moved : INT_MIN;
    y[i] = clamp(stored + zero_point, -32768, 32767);
  }
}
"""
