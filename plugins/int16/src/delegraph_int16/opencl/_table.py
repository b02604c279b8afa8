"""Ops on one int16 input: all 65,536 results looked up in a table that numpy's kernel of the op makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import InputError, Op, OpSupport, evolve
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, int32s

from ._vectors import LEAST_WORK, shared_out


def as_table(rows: Iterable[OpSupport]) -> list[OpSupport]:
    """Return numpy's rows of an op from int16 to int16, each computed by a table."""
    return [evolve(row, kernel=_kernel(row)) for row in rows]


def _kernel(row: OpSupport) -> Kernel:
    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        x, y = node.input(0), node.outputs[0]
        if not y.size:
            return
        each, items, local = shared_out(y.size, target, LEAST_WORK)
        table = Packed(f"{node.op}: table", lambda: results(row, node.op))
        yield Launch(
            _SOURCE, "look_up", (x, table, y, *int32s(y.size, each)), items, local, (), (y,), y.size
        )

    return Kernel(prepare)


def results(row: OpSupport, op: Op) -> np.ndarray:
    """Return the results of all values, in the order of their bits.

    A value that is an error in numpy has the result of the nearest one that is none: here none is raised.
    """
    values = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
    x = op.inputs[0]
    assert x is not None
    run = row.kernel(evolve(op, inputs=(evolve(x, shape=values.shape),)))
    try:
        (found,) = run(values)
    except InputError:
        (found,) = run(np.maximum(values, 0))
    return np.asarray(found)


_SOURCE = """
__kernel void look_up(__global const short* restrict x, __global const short* restrict table,
                      __global short* restrict y, int size, int each) {
  const int first = get_global_id(0) * each, last = min(first + each, size);
  for (int i = first; i < last; i++) y[i] = table[(ushort)x[i]];
}
"""
