"""The support rows of ARG_MAX and ARG_MIN: the first place along an axis where the extreme stands."""

from __future__ import annotations

from collections.abc import Iterator

from delegraph import Op, OpSupport, evolve, needs, shape_text
from delegraph.rules import constant, declared_type, one_scale_at_most

from ..options import Options
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node, Value
from ..program.target import Target
from .elementwise import spread
from .reduce import NOWHERE, Reduction, merged_axes, reducing


def arg_support(op: str, sign: str, lowest: str, options: Options) -> Iterator[OpSupport]:
    """Yield the support rows of the op that finds the value ``sign`` all others; NaN is passed over.

    :param lowest: what every value is ``sign``, in C.
    """
    first = f"{{1}}.x {sign} {{0}}.x || ({{1}}.x == {{0}}.x && {{1}}.y < {{0}}.y) ? {{1}} : {{0}}"
    extreme = "LONG_MIN" if lowest else "LONG_MAX"
    # A result is a pair of the value and its place.
    for T, start in (
        ("float32 float16", f"(A)({lowest}INFINITY, {NOWHERE})"),
        ("int32 bool", f"(A)({extreme}, {NOWHERE})"),
        *([("int8 uint8", f"(A)({lowest}1000, {NOWHERE})")] if options.quantized else []),
    ):
        kernel = _with_bytes(reducing(Reduction(start, first, finds=True), fuses=False), sign)
        constraints = [constant("axes", 1), values_to_compare, declared_type, one_scale_at_most]
        versions = (1, 3 if options.quantized else 1)
        yield OpSupport(op, versions, "T int32|int64 -> int32|int64", constraints, kernel, T=T)


def _with_bytes(kernel: Kernel, sign: str) -> Kernel:
    """Return a kernel that has a way of its own along rows of bytes."""

    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        x, y = node.input(0), node.outputs[0]
        assert kernel.prepare is not None
        axes = merged_axes(x.shape, node.op)
        if x.narrow and axes.columns == 1 and len(axes.reduced) == 1 and axes.count <= _LONGEST:
            yield _along_bytes(x, y, axes.count, sign, target)
        else:
            yield from kernel.prepare(node, target)

    return evolve(kernel, prepare=prepare)


def _along_bytes(x: Value, y: Value, depth: int, sign: str, target: Target) -> Launch:
    width = next(n for n in (16, 8, 4, 1) if n <= depth)
    each = max(blocks(y.size, _TASKS * target.units), blocks(_WORK, depth))
    defines = (
        ("R", y.c_type),
        ("N", width),
        ("V(name)", "name" if width == 1 else f"name##{width}"),
        ("FROM", _FROM[width]),
        ("BEST(u)", "(u)" if sign == ">" else "(255 - (u))"),
        ("JOINED(v)", _JOINED[width]),
    )
    return Launch(
        _SOURCE,
        "arg",
        (x, y, *int32s(depth, y.size, each)),
        *spread(blocks(y.size, each), target),
        defines,
        writes=(y,),
        flops=x.size,
    )


@needs("axes that are not empty and shorter than 2**24")
def values_to_compare(op: Op) -> str | None:
    x = op.inputs[0]
    shape = None if x is None else x.shape
    return None if shape and min(shape) > 0 and max(shape) < 2**24 else f"shape {shape_text(shape)}"


_LONGEST = 1 << 16  # places that a byte leaves room for in an int, with its sign
_WORK = 4096  # elements of a work-item, at least
_TASKS = 8  # per core

_FROM = {n: f"(V(int))({', '.join(map(str, range(n)))})" for n in (1, 4, 8, 16)}
_JOINED = {
    1: "(v)",
    4: "joined4(v)",
    8: "joined4(max((v).lo, (v).hi))",
    16: "joined4(max(max((v).lo.lo, (v).lo.hi), max((v).hi.lo, (v).hi.hi)))",
}

# Above each byte's place, counted from the end: of equal bytes the first is the largest. What is left of a
# row when vectors are full is part of one that begins earlier.
_SOURCE = """
static inline int joined4(int4 v) {
  int2 two = max(v.lo, v.hi);
  return max(two.x, two.y);
}

__kernel void arg(__global const uchar* restrict x, __global R* restrict y, int depth, int rows, int each) {
  const int first = get_global_id(0) * each;
  for (int row = first; row < min(first + each, rows); row++) {
    V(int) best = (V(int))(0);
    for (int next = 0; next < depth; next += N) {
      const int at = min(next, depth - N);
      V(int) u = V(TO_INT)(V(LOAD)(x, row * depth + at));
      best = max(best, BEST(u) * 65536 + ((V(int))(65535 - at) - FROM));
    }
    y[row] = 65535 - (JOINED(best) & 65535);
  }
}
"""
