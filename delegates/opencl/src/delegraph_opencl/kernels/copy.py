"""Copies a value into another's buffer."""

from __future__ import annotations

from ..families.movement import TYPES, type_in_memory
from ..program.launch import Arg, Launch, blocks, int32s
from ..program.node import Value
from ..program.target import Target

_WORK = 4096  # elements of a work-item on a CPU

_SOURCE = """
__kernel void copy(__global const T* x, __global T* y, int x0, int y0, int n) {
  int first = get_global_id(0) * PER_ITEM, last = min(first + PER_ITEM, n);
  for (int i = first; i < last; i++) y[y0 + i] = x[x0 + i];
}
"""


def copy(x: Value, y: Value, target: Target) -> Launch:
    """Return the launch that copies all of ``x``, wherever it lies, to the same place in ``y``."""
    per_item = _WORK if target.variant == "cpu" else 1
    defines = (("T", TYPES[type_in_memory(x, target).itemsize]), ("PER_ITEM", per_item))
    args: tuple[Arg, ...] = (x, y, *int32s(0, 0, x.size))
    return Launch(_SOURCE, "copy", args, (max(blocks(x.size, per_item), 1),), None, defines, (y,))
