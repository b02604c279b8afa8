"""Reductions of int16 over axes: a work-item computes WIDTH neighbors of some outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from delegraph import Op
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, blocks, int32s

from ._claims import data_of
from ._vectors import STORES, at_once, shared_out, vector_defines

Numbers = tuple[int, int, int]  # multiplier, bits to the left, bits to the right

_SUMS = "(v) + (a)"


def sums(factor_of: Callable[[Op, int], tuple[int, int]]) -> Kernel:
    """Return the kernel of an op that rescales sums.

    :param factor_of: of the op and how many values go into a sum: multiplier and shift
    """

    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        multiplier, shift = factor_of(node.op, _count(node.op))
        yield from _launches(node, target, _SUMS, 0, (multiplier, max(shift, 0), max(-shift, 0)))

    return Kernel(prepare)


def extremes(combined: str, start: int) -> Kernel:
    """Return the kernel of an op that finds a value: ``combined`` of ``v``, the one so far, and ``a``."""
    return Kernel(lambda node, target: _launches(node, target, combined, start, (1 << 30, 1, 0)))


def _launches(node: Node, target: Target, combined: str, start: int, numbers: Numbers) -> Iterator[Launch]:
    x, y = node.input(0), node.outputs[0]
    if not y.size:
        return
    starts, offsets, inner, run = _places(x.shape, _axes(node.op))
    width = at_once(inner, target)
    across = blocks(inner, width)
    tasks = len(starts) * across
    each, items, local = shared_out(tasks, target)
    yield Launch(
        STORES + _SOURCE,
        "reduced",
        (
            x,
            y,
            Packed(f"{node.op}: where outputs begin", lambda: starts),
            Packed(f"{node.op}: what goes into one", lambda: offsets),
            *int32s(tasks, each, len(offsets), run, inner, start),
            *int32s(*numbers),
        ),
        items,
        local,
        (("COMBINED(v, a)", combined), *vector_defines(width, wide=combined == _SUMS)),
        (y,),
        x.size,
    )


def _axes(op: Op) -> tuple[int, ...]:
    x, axes = op.inputs[0], data_of(op, 1)
    assert x is not None
    assert x.shape is not None
    assert axes is not None
    rank = len(x.shape)
    return tuple(sorted({int(a) % rank for a in axes.reshape(-1)})) if rank else ()


def _count(op: Op) -> int:
    x = op.inputs[0]
    assert x is not None
    assert x.shape is not None
    return math.prod(x.shape[axis] for axis in _axes(op))


def _places(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return where outputs begin in x and what goes into one, of those that do not lie side by side.

    Then how many outputs lie side by side, and how many numbers that go into one.
    """
    rank = len(shape)
    kept = [i for i in range(rank) if i not in axes]
    last = max(kept, default=-1) if axes and axes[-1] == rank - 1 else max(axes, default=-1)
    side_by_side = math.prod(shape[last + 1 :])
    run, inner = (side_by_side, 1) if axes and axes[-1] == rank - 1 else (1, side_by_side)
    starts = _offsets(shape, [i for i in kept if i <= last])
    return starts, _offsets(shape, [i for i in axes if i <= last]), inner, run


def _offsets(shape: tuple[int, ...], axes: list[int]) -> np.ndarray:
    """Return the offsets of all combinations of places on some axes, int32, in order."""
    found = np.zeros(1, np.int64)
    for axis in axes:
        found = np.add.outer(found, np.arange(shape[axis]) * math.prod(shape[axis + 1 :])).reshape(-1)
    return found.astype(np.int32)


_SOURCE = """
__kernel void reduced(__global const short* restrict x, __global short* restrict y,
                      __global const int* restrict starts, __global const int* restrict offsets,
                      int tasks, int each, int count, int run, int inner, int start,
                      int multiplier, int left, int right) {
  const int across = (inner + WIDTH - 1) / WIDTH, last = min((int)get_global_id(0) * each + each, tasks);
  for (int task = get_global_id(0) * each; task < last; task++) {
    const int outer = task / across, j = min((task - outer * across) * WIDTH, inner - WIDTH);
    __global const short* from = x + starts[outer] + j;
    SUMS v = (SUMS)(start);
    for (int i = 0; i < count; i++)
      for (int k = 0; k < run; k++) {
        const SUMS a = TO_SUMS(LOAD_VECTOR(from, offsets[i] + k));
        v = COMBINED(v, a);
      }
    const LONGS high = ((TO_LONGS(v) << left) * multiplier + (1L << 30)) >> 31;
    const LONGS nudge = (high >> 63) & -(long)(right > 0);
    const LONGS low = (high + (1L << right >> 1) + nudge) >> right;
    STORE_VECTOR(y, outer * inner + j, TO_SHORTS(clamp(low, (LONGS)(-32768), (LONGS)(32767))));
  }
}
"""
