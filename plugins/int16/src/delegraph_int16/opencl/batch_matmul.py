"""BATCH_MATMUL of int16 with int16 or int8: exact sums of 64 bits, a multiplier of 15 bits.

x: (…, rows, depth), with adj_x (…, depth, rows); y: (…, depth, columns), with adj_y (…, columns, depth).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from delegraph import Op, needs
from delegraph.rules import operand, scales_of
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, blocks, int32s

from ..reference import batch_matmul
from ..reference.batch_matmul import column_scales
from ._claims import as_int16, as_numpy
from ._epilogue import of_batch_matmul
from ._vectors import spread, vector_defines

_TASKS = 8  # per core


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, y, out, o = node.input(0), node.input(1), node.outputs[0], node.op.options
    if not out.size:
        return
    rows, columns = out.shape[-2:]
    depth = x.shape[-2 if o.adj_x else -1]
    x_steps = (1, rows) if o.adj_x else (depth, 1)  # along rows, along the depth
    y_steps = (depth, 1) if o.adj_y else (1, columns)  # along columns, along the depth
    starts = np.stack([_starts(v.shape, out.shape) for v in (x, y)], axis=1).astype(np.int32)
    epilogue = of_batch_matmul(node.op, depth, target)
    is_real = y.dtype == "real" and not y.is_constant  # int8: as the delegate stores it
    side_by_side = target.variant == "cpu" and not o.adj_y and not is_real
    width = next(n for n in (16, 8, 1) if n <= columns) if side_by_side else 1
    tasks = out.size // columns
    each = 1 if target.variant == "gpu" else blocks(tasks, _TASKS * target.units)
    across = columns if target.variant == "gpu" else 1
    items, local = spread(blocks(tasks, each) * across, target)
    yield Launch(
        epilogue.text + _SOURCE,
        "batch_matmul",
        (
            as_int16(x),
            as_int16(y),
            out,
            Packed(f"{node.op}: matrices", lambda: starts),
            *int32s(tasks, each, across, rows, columns, depth, *x_steps, *y_steps),
            *epilogue.args,
        ),
        items,
        local,
        (
            *epilogue.defines,
            ("RIGHT", "REAL" if is_real else "short"),
            ("READ_RIGHT(p, i)", "LOAD(p, i)" if is_real else "LOAD_VECTOR(p, i)"),
            ("COLUMN", "0" if len(column_scales(node.op)) == 1 else "column"),
            *vector_defines(width, epilogue.is_wide),
        ),
        (out,),
        2 * out.size * depth,
    )


def _starts(shape: tuple[int, ...], out: tuple[int, ...]) -> np.ndarray:
    """Return where an operand's matrix begins for each matrix of the output."""
    numbers = np.arange(math.prod(shape[:-2])).reshape(shape[:-2])
    return np.asarray(np.broadcast_to(numbers, out[:-2]).reshape(-1) * math.prod(shape[-2:]))


_SOURCE = """
__kernel void batch_matmul(__global const short* restrict x, __global const RIGHT* restrict z,
                           __global short* restrict y, __global const int* restrict starts,
                           int tasks, int each, int across, int rows, int columns, int depth,
                           int x_along, int x_deep, int z_along, int z_deep SUM_PARAMS) {
  const int item = get_global_id(0) / across, first = get_global_id(0) % across * WIDTH;
  for (int task = item * each; task < min(item * each + each, tasks); task++) {
    const int matrix = task / rows, row = task - matrix * rows;
    __global const short* p = x + starts[2 * matrix] + row * x_along;
    for (int block = first; block < columns; block += across * WIDTH) {
      const int column = min(block, columns - WIDTH);
      __global const RIGHT* q = z + starts[2 * matrix + 1] + column * z_along;
      SUMS sum = (SUMS)(0);
      for (int k = 0; k < depth; k++)
        sum += TO_SUMS(TO_INTS(READ_RIGHT(q, k * z_deep)) * (int)p[k * x_deep]);
      STORE_VECTOR(y, task * columns + column, ROUNDED_VECTOR(sum, COLUMN));
    }
  }
}
"""


@needs("one scale for y, where it is computed")
def constant_columns(op: Op) -> str | None:
    y = operand(op, 1)
    n = len(scales_of(y))
    return None if n == 1 or y.is_constant else f"{n} scales on {y.name!r}"


SUPPORT = as_numpy(batch_matmul.SUPPORT, Kernel(_launches), constant_columns)
