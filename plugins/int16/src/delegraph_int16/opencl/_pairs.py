"""Elementwise ops on two int16 operands, broadcast: formulas on stored values in OpenCL C.

A formula is of ``a``, ``b``, ints, and the numbers that it comes with; its value is stored as it is::

    Formula("clamp(rescaled(a * b, m, m_left, m_right), low, 99)", {**rescale("m", 0.3), "low": -5})
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from delegraph import DTYPES, Op, float_range, frozen, quantize_multiplier
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, int32s

from ._claims import as_int16
from ._vectors import LEAST_WORK, shared_out


@frozen(hash=False)
class Formula:
    """OpenCL C of ``a``, ``b`` and ints by name."""

    text: str
    numbers: Mapping[str, int]


def rescale(name: str, factor: float) -> dict[str, int]:
    """Return the numbers of ``rescaled(v, NAME, NAME_left, NAME_right)``: v * factor, rounded twice."""
    multiplier, shift = quantize_multiplier(factor)
    return {name: multiplier, f"{name}_left": max(shift, 0), f"{name}_right": max(-shift, 0)}


def by_pair(formula_of: Callable[[Op], Formula]) -> Kernel:
    """Return the kernel of an op with two operands."""
    return Kernel(lambda node, target: _launches(node, target, formula_of(node.op)))


def wrapped(text: str) -> Kernel:
    """Return the kernel of an op on numbers without scales, which wrap; then comes the fused activation."""

    def formula_of(op: Op) -> Formula:
        low, high = (int(max(min(bound, 32767), -32768)) for bound in float_range(op))
        return Formula(f"clamp((int)(short)({text}), low, high)", {"low": low, "high": high})

    return by_pair(formula_of)


def _launches(node: Node, target: Target, formula: Formula) -> Iterator[Launch]:
    x, y, out = node.input(0), node.input(1), node.outputs[0]
    if not out.size:
        return
    rows, inner, steps = _rows(out.shape, x.shape, y.shape)
    each, items, local = shared_out(out.size, target, LEAST_WORK)
    params = "".join(f", int {name}" for name in formula.numbers)
    yield Launch(
        _SOURCE.replace("FORMULA", formula.text).replace("NUMBERS", params),
        "pairs",
        (
            as_int16(x),
            as_int16(y),
            out,
            Packed(f"{node.op}: rows of operands", lambda: rows),
            *int32s(out.size, each, inner, *formula.numbers.values()),
        ),
        items,
        local,
        (("STEP_A", steps[0]), ("STEP_B", steps[1]), ("STORED", DTYPES[out.dtype].c)),
        (out,),
        out.size,
    )


def _rows(out: tuple[int, ...], *operands: tuple[int, ...]) -> tuple[np.ndarray, int, list[int]]:
    """Return where each row begins in the operands, (rows, 2); its length; and the operands' steps in it.

    A row is all the innermost axes along which each operand either goes on or stays.
    """
    full = [(1,) * (len(out) - len(shape)) + shape for shape in operands]
    axes, inner = len(out), 1
    has: set[tuple[bool, ...]] = set()
    while axes and len(has | (found := _has(out, full, axes - 1))) < 2:
        axes, inner, has = axes - 1, inner * out[axes - 1], has | found
    places = [np.broadcast_to(_starts(shape, axes), out[:axes]).reshape(-1) for shape in full]
    steps = [int(step) for step in next(iter(has), (True,) * len(full))]
    return np.stack(places, axis=1).astype(np.int32), inner, steps


def _has(out: tuple[int, ...], full: list[tuple[int, ...]], axis: int) -> set[tuple[bool, ...]]:
    return {tuple(shape[axis] != 1 for shape in full)} if out[axis] != 1 else set()


def _starts(shape: tuple[int, ...], axes: int) -> np.ndarray:
    """Return the first element of each row of an operand."""
    return np.arange(math.prod(shape[:axes])).reshape(shape[:axes]) * math.prod(shape[axes:])


_SOURCE = """
// v * multiplier / 2**(31 + right), each step rounded: halves upward, then away from zero.
static inline int rescaled(int v, int multiplier, int left, int right) {
  long p = (((long)v << left) * multiplier + (1L << 30)) >> 31;
  return (int)((p + (1L << right >> 1) + ((p >> 63) & -(long)(right > 0))) >> right);
}
__kernel void pairs(__global const short* restrict left, __global const short* restrict right,
                    __global STORED* restrict result, __global const int* restrict rows,
                    int size, int each, int inner NUMBERS) {
  int i = get_global_id(0) * each;
  const int last = min(i + each, size);
  while (i < last) {
    const int row = i / inner, first = i - row * inner, n = min(inner - first, last - i);
    __global const short* p = left + rows[2 * row] + STEP_A * first;
    __global const short* q = right + rows[2 * row + 1] + STEP_B * first;
    for (int j = 0; j < n; j++) {
      const int a = p[STEP_A * j], b = q[STEP_B * j];
      result[i + j] = FORMULA;
    }
    i += n;
  }
}
"""
