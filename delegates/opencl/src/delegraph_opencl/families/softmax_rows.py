"""Ops along the last axis, row by row: a sum over the row, then each element by itself.

On a CPU a work-item computes whole rows, eight short ones together; on a GPU a work-group shares a long
row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from delegraph import Op, frozen

from ..program.epilogue import epilogue_of
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node
from ..program.target import Target
from .elementwise import spread

_GROUP = 64  # work-items that share a row on a GPU
_LONG = 32  # elements of a row that is long
_UNROLLED = 64  # elements of a row on a CPU, at most, for whose number the loops are unrolled
_LEAST_WORK = 512  # elements of a work-item on a CPU


@frozen
class RowOp:
    """Formulas in C, for a float32 and for a vector of them.

    ``x`` is an element, ``peak`` the row's largest, ``t`` the element's term, ``sum`` the sum of the terms,
    ``whole`` what ``setup`` makes of it, ``b`` the op's parameter.
    """

    term: str  # of x, peak and b
    setup: str  # of sum
    value: str  # of x, t, peak, whole and b
    parameter: Callable[[Op], float] = lambda op: 1.0
    has_peak: bool = True


def by_row(how: RowOp) -> Kernel:
    """Return the kernel of an op of real numbers along the last axis."""
    return Kernel(lambda node, target: _launches(node, target, how), fuses=True, narrow=True)


def _launches(node: Node, target: Target, how: RowOp) -> Iterator[Launch]:
    x, result, out = node.input(0), node.result, node.outputs[0]
    if not result.size:
        return
    epilogue, depth = epilogue_of(node), result.shape[-1]
    rows = result.size // depth
    source, rows_each, items, local = _shared_out(rows, depth, target)
    numbers = map(np.float32, (x.low, x.scale, how.parameter(node.op)))
    yield Launch(
        epilogue.text + source,
        "by_row",
        (x, out, *numbers, *int32s(rows, rows_each, depth), *epilogue.args),
        items,
        local,
        (
            ("X", x.c_type),
            ("FROM_LOW(v)", "((v) + low)" if x.low else "(v)"),
            ("Y", out.c_type),
            # In the output, where they lose nothing.
            ("KEEPS_TERMS", int(not (target.half or out.narrow))),
            *_macros(how, _known_depth(source, depth, target)),
        ),
        writes=(out,),
        flops=4 * result.size,
    )


def _shared_out(rows: int, depth: int, target: Target) -> tuple[str, int, tuple[int, ...], tuple[int, ...]]:
    """Return the source, how many rows a work-item takes, and the global and local size."""
    if target.variant == "gpu":
        shared = depth >= _LONG
        return (_SHARED, 1, (rows * _GROUP,), (_GROUP,)) if shared else (_OWN, 1, *spread(rows, target))
    each = max(1, min(_LEAST_WORK // depth, blocks(rows, 4 * target.units)))
    if depth >= _LONG or each < 8:
        return _OWN, each, *spread(blocks(rows, each), target)
    each -= each % 8
    return _SHORT, each, *spread(blocks(rows, each), target)


def _known_depth(source: str, depth: int, target: Target) -> int:
    """Return the length of a row where a program of its own is worth it; 0: it is an argument."""
    is_unrolled = target.variant == "cpu" and depth <= _UNROLLED
    return depth if source is _SHORT or is_unrolled else 0


def _macros(how: RowOp, depth: int) -> tuple[tuple[str, str | int], ...]:
    return (
        ("TERM(x)", how.term),
        ("SETUP(sum)", how.setup),
        ("VALUE(x, t)", how.value),
        ("HAS_PEAK", int(how.has_peak)),
        ("GROUP", _GROUP),
        ("DEPTH", depth),
    )


_COMMON = """
#define READ(i) (FROM_LOW((float)LOAD(row, i)) * scale)
#define READ8(i) (FROM_LOW(convert_float8(LOAD8(row, i))) * scale)
"""

# What is no whole vector of a row is read as one, and what lies behind the row left out.
_OWN = (
    _COMMON
    + """
// PoCL's fmax is a call.
#define LARGER(a, b) ((b) > (a) ? (b) : (a))
#if KEEPS_TERMS
#define KEEP8(i, t) STORE8(y, PLACE(at + i, i), t)
#define KEPT8(i) LOAD8(y, PLACE(at + i, i))
#else
#define KEEP8(i, t)
#define KEPT8(i) TERM(READ8(i))
#endif
#define INSIDE(v, outside) (is_inside ? (v) : (float8)(outside))
__kernel void by_row(__global const X* restrict x, __global Y* restrict y, float low, float scale, float b,
                     int rows, int each, int size EPILOGUE_PARAMS) {
  const int depth = DEPTH ? DEPTH : size;
  const int whole_vectors = depth / 8 * 8;
  const int8 is_inside = (int8)(0, 1, 2, 3, 4, 5, 6, 7) < (int8)(depth - whole_vectors);
  int r = get_global_id(0) * each, end = min(r + each, rows);
  for (; r < end; r++) {
    __global const X* row = x + r * depth;
    const int at = r * depth;
    float8 peak = -INFINITY, total = 0, last = 0;
#if HAS_PEAK
    for (int i = 0; i < whole_vectors; i += 8) { const float8 v = READ8(i); peak = LARGER(peak, v); }
    if (whole_vectors < depth) {
      const float8 v = INSIDE(READ8(whole_vectors), -INFINITY);
      peak = LARGER(peak, v);
    }
    float4 four = LARGER(peak.lo, peak.hi);
    float2 two = LARGER(four.lo, four.hi);
    peak = LARGER(two.x, two.y);
#endif
    for (int i = 0; i < whole_vectors; i += 8) {
      float8 t = TERM(READ8(i));
      total += t;
      KEEP8(i, t);
    }
    if (whole_vectors < depth) {
      last = INSIDE(TERM(READ8(whole_vectors)), 0);
      total += last;
    }
    float4 sums = total.lo + total.hi;
    float sum = (sums.x + sums.y) + (sums.z + sums.w), whole = SETUP(sum);
    for (int i = 0; i < whole_vectors; i += 8) {
      float8 v = VALUE(READ8(i), KEPT8(i));
      STORE8(y, PLACE(at + i, i), EPILOGUE8(TO_F8(v), at + i, i));
    }
    if (whole_vectors < depth) {
      const float8 v = VALUE(READ8(whole_vectors), last);
      const float* one = (const float*)&v;
      for (int i = whole_vectors; i < depth; i++)
        STORE(y, PLACE(at + i, i), EPILOGUE(TO_F(one[i - whole_vectors]), at + i, i));
    }
  }
}
"""
)

# Eight rows follow one another in memory: their terms are computed as if they were one.
_SHORT = (
    _COMMON
    + """
__kernel void by_row(__global const X* restrict x, __global Y* restrict y, float low, float scale, float b,
                     int rows, int each, int depth EPILOGUE_PARAMS) {
  float xs[8 * DEPTH], peaks[8 * DEPTH], terms[8 * DEPTH];
  int first = get_global_id(0) * each, end = min(first + each, rows);
  for (int r = first; r < end; r += 8) {
    int at = r * DEPTH, n = min(8, end - r) * DEPTH;
    __global const X* row = x + at;
    for (int i = 0; i < n; i++) xs[i] = READ(i);
    for (int i = 0; i < n; i += DEPTH) {
      float peak = xs[i];
      for (int c = 1; c < DEPTH; c++) peak = xs[i + c] > peak ? xs[i + c] : peak;
      for (int c = 0; c < DEPTH; c++) peaks[i + c] = peak;
    }
    for (int i = 0; i < n; i += 8) {
      float8 e = vload8(0, xs + i), peak = vload8(0, peaks + i);
      vstore8(TERM(e), 0, terms + i);
    }
    for (int i = 0; i < n; i += DEPTH) {
      float sum = 0, peak = peaks[i];
      for (int c = 0; c < DEPTH; c++) sum += terms[i + c];
      float whole = SETUP(sum);
      for (int c = 0; c < DEPTH; c++) {
        float v = VALUE(xs[i + c], terms[i + c]);
        STORE(y, PLACE(at + i + c, c), EPILOGUE(TO_F(v), at + i + c, c));
      }
    }
  }
}
"""
)

_SHARED = (
    _COMMON
    + """
#define JOIN(a, how)                                       \\
  part[lane] = a;                                          \\
  for (int half_of = GROUP / 2; half_of; half_of /= 2) {   \\
    barrier(CLK_LOCAL_MEM_FENCE);                          \\
    if (lane < half_of) part[lane] = how(part[lane], part[lane + half_of]); \\
  }                                                        \\
  barrier(CLK_LOCAL_MEM_FENCE);                            \\
  a = part[0];                                             \\
  barrier(CLK_LOCAL_MEM_FENCE);
#define PLUS(a, b) ((a) + (b))
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void by_row(__global const X* restrict x, __global Y* restrict y, float low, float scale, float b,
            int rows, int each, int depth EPILOGUE_PARAMS) {
  __local float part[GROUP];
  int lane = get_local_id(0), at = get_group_id(0) * depth;
  __global const X* row = x + at;
  float peak = -INFINITY, sum = 0;
#if HAS_PEAK
  for (int i = lane; i < depth; i += GROUP) peak = fmax(peak, READ(i));
  JOIN(peak, fmax)
#endif
  for (int i = lane; i < depth; i += GROUP) sum += TERM(READ(i));
  JOIN(sum, PLUS)
  float whole = SETUP(sum);
  for (int i = lane; i < depth; i += GROUP) {
    float v = VALUE(READ(i), TERM(READ(i)));
    STORE(y, PLACE(at + i, i), EPILOGUE(TO_F(v), at + i, i));
  }
}
"""
)
