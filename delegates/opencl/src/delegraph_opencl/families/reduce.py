"""Reductions over any axes: sums, extremes, products, and where an extreme stands.

On a CPU a work-item computes whole results: 64 columns side by side, or rows with four vectors. On a GPU
the work-items of a group share a few results: what each finds is put together in local memory, in pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from delegraph import Op, evolve, frozen

from ..program.epilogue import NO_EPILOGUE, Epilogue, epilogue_of
from ..program.launch import Launch, blocks, int32s
from ..program.node import C_TYPES, Kernel, Node, PostOp, Scaled, Value
from ..program.target import Target
from .elementwise import spread

_GROUP = 128  # work-items of a work-group on a GPU
_LEAST_WORK = 2048  # elements that a work-item on a CPU reads at least
NOWHERE = 2**24  # the place where a search begins; up to here a float holds every one
_VECTORS = 8  # of 8 columns each: so many a work-item adds up at once


@frozen
class Reduction:
    """How values become one. ``{0}`` and ``{1}`` are two results; C, for vectors of floats, too."""

    start: str  # the result of no values
    combine: str
    is_mean: bool = False
    scaled_first: bool = False  # a product needs real numbers from the start, a sum only in the end
    finds: bool = False  # results are pairs (value, place along the axis), and the place is kept
    best: str = (
        ""  # of a search among floats: as what NaN counts in the first place; elsewhere it never does
    )
    first_zero: bool = False  # of 0 and -0 as the result, the one that comes first counts


def reducing(how: Reduction | Callable[[Node], Reduction], fuses: bool = True) -> Kernel:
    """Return the kernel of a reduction over the axes that input 1 holds.

    :param fuses: the result is real numbers.
    """

    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        yield from _launches(node, target, how if isinstance(how, Reduction) else how(node))

    return Kernel(prepare, fuses, narrow=True)


@frozen
class Axes:
    """The axes kept and reduced, as (size, stride in the input); neighbors merged, 1s left out."""

    outer: tuple[tuple[int, int], ...]  # kept, around the columns
    columns: int  # results side by side in the input; 1 where the innermost axis is reduced
    reduced: tuple[tuple[int, int], ...]

    @property
    def rows(self) -> int:
        return math.prod(size for size, _ in self.outer)

    @property
    def count(self) -> int:
        """How many values make one result."""
        return math.prod(size for size, _ in self.reduced)


def merged_axes(shape: Sequence[int], op: Op) -> Axes:
    """Return the axes of a contiguous input; those to reduce are counted from either end."""
    assert op.inputs[1] is not None
    assert op.inputs[1].data is not None
    gone = {int(a) % len(shape) for a in op.inputs[1].data.reshape(-1)} if shape else set()
    found: list[tuple[int, int, bool]] = []
    for axis, size in enumerate(shape):
        stride, is_gone = math.prod(shape[axis + 1 :]), axis in gone
        if found and found[-1][2] == is_gone and size != 1:
            found[-1] = (found[-1][0] * size, stride, is_gone)
        elif size != 1:
            found.append((size, stride, is_gone))
    kept = [(size, stride) for size, stride, is_gone in found if not is_gone]
    reduced = tuple((size, stride) for size, stride, is_gone in found if is_gone)
    columns = kept.pop()[0] if found and not found[-1][2] else 1
    return Axes(tuple(kept), columns, reduced)


def _launches(node: Node, target: Target, how: Reduction) -> Iterator[Launch]:
    x, result, out = node.input(0), node.result, node.outputs[0]
    if not result.size:
        return
    axes = merged_axes(x.shape, node.op)
    scale, factor, post_ops = _scale_and_post_ops(node, axes, how)
    how = evolve(how, first_zero=how.first_zero and x.levels is None)
    epilogue = epilogue_of(node, post_ops) if result.dtype == "real" else NO_EPILOGUE
    write = _on_cpu if target.variant == "cpu" else _on_gpu
    source, sizes, items, local = write(axes, how, _is_wide(node, how, epilogue), target)
    channels = result.shape[-1] if result.shape else 1
    numbers = [n for axis in (*axes.outer, *axes.reduced) for n in axis]
    yield Launch(
        epilogue.text + source,
        "reduce",
        (
            x,
            out,
            *map(np.float32, (x.low, scale, factor)),
            *int32s(channels, *sizes, *numbers),
            *epilogue.args,
        ),
        items,
        local,
        _macros(x, result, out, how),
        writes=(out,),
        flops=x.size,
    )


def _is_wide(node: Node, how: Reduction, epilogue: Epilogue) -> bool:
    """Say whether results may be computed eight at a time."""
    x, result = node.input(0), node.result
    whole = not epilogue.channelwise or (result.shape or (1,))[-1] % 8 == 0
    return x.dtype == result.dtype == "real" and not how.finds and whole


def _scale_and_post_ops(node: Node, axes: Axes, how: Reduction) -> tuple[float, float, list[PostOp]]:
    """Return the real number of 1 in the input, what a result is multiplied with, and post-ops after it.

    A sum of a quantized tensor stays an integer: rounding it is left to the epilogue.
    """
    x = node.input(0)
    scale = 1.0 if x.is_constant else x.scale
    count = axes.count if how.is_mean else 1
    if x.levels is not None and count and not how.scaled_first:
        return scale, 1.0, [Scaled("v * {0}", (scale / count,), count)]
    return scale, (1.0 if how.scaled_first else scale) / (count or math.nan), []


def _macros(x: Value, result: Value, out: Value, how: Reduction) -> tuple[tuple[str, str], ...]:
    """Return what differs between types: ``A``, a result in the making, its terms and its end."""
    real = x.dtype == "real"
    one = "float" if real else C_TYPES[x.dtype]
    term = "FROM_LOW((float)LOAD(x, i))" if real else "x[i]"
    if how.scaled_first and real:
        term = f"({term} * scale)"
    both = "float2" if real else "long2"
    found = f"((a).y == {NOWHERE} ? 0 : (a).y)" if how.finds else "(a)"
    end = f"y[o] = (R)({found})"
    if result.dtype == "real":
        c = "(o) % channels"
        end = f"STORE(y, PLACE(o, {c}), EPILOGUE(TO_F((a) * factor), o, {c}))"
    return (
        ("FROM_LOW(v)", "((v) + low)" if x.low else "(v)"),
        ("T", x.c_type),
        ("R", out.c_type),
        ("A", both if how.finds else one),
        ("TERM(i, t)", f"(({both})({term}, t))" if how.finds else term),
        ("COMBINE(a, b)", how.combine.format("(a)", "(b)")),
        ("END(o, a)", end),
        ("START", how.start),
    )


Written = tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
_PARAMS = (
    "__global const T* restrict x, __global R* restrict y, "
    "float low, float scale, float factor, int channels"
)


def _axis_params(axes: Axes) -> str:
    kept = "".join(f", int kept{i}, int kept_step{i}" for i in range(len(axes.outer)))
    return kept + "".join(f", int gone{i}, int gone_step{i}" for i in range(len(axes.reduced)))


# On a CPU.


def _on_cpu(axes: Axes, how: Reduction, wide: bool, target: Target) -> Written:
    """Return the kernel whose work-items compute whole results, its sizes, and how to launch it."""
    run = min(axes.columns, 8 * _VECTORS)
    each = max(1, min(_LEAST_WORK // max(axes.count * run, 1), blocks(axes.rows, 4 * target.units)))
    chunks = blocks(axes.columns, run)
    items, local = spread(blocks(axes.rows, each) * chunks, target)
    body = _columns(axes, how, wide) if axes.columns > 1 else _row(axes, how, wide)
    source = f"""
__kernel void reduce({_PARAMS}, int rows, int each, int columns, int run, int chunks
                     {_axis_params(axes)} EPILOGUE_PARAMS) {{
  int row = get_global_id(0) / chunks * each, end = min(row + each, rows);
  int first = get_global_id(0) % chunks * run, last = min(first + run, columns);
  for (; row < end; row++) {{
{_base(axes, "row")}
{body}
  }}
}}
"""
    return source, (axes.rows, each, axes.columns, run, chunks), items, local


def _base(axes: Axes, row: str) -> str:
    """Return the C that finds where in the input a row of results begins."""
    lines = [f"int left = {row}, base = 0;"]
    for i in reversed(range(len(axes.outer))):
        lines += [f"base += left % kept{i} * kept_step{i}; left /= kept{i};"]
    return "\n".join(f"    {line}" for line in lines)


def _columns(axes: Axes, how: Reduction, wide: bool) -> str:
    """Return the C that reduces columns ``first`` to ``last``, many side by side, then one by one."""
    parts = ["    int j = first;"]
    for vectors in (_VECTORS, 1) if wide else ():
        names = [f"a{k}" for k in range(vectors)]
        starts = "\n".join(f"      float8 {a} = START;" for a in names)
        terms = " ".join(_added(a, f"at + {8 * k}", how) for k, a in enumerate(names))
        ends = "\n".join(f"      {_end(f'row * columns + j + {8 * k}', a)}" for k, a in enumerate(names))
        parts.append(f"""    for (; j + {8 * vectors} <= last; j += {8 * vectors}) {{
{starts}
      {_nested(len(axes.reduced), "base + j", terms)}
{ends}
    }}""")
    parts.append(f"""    for (; j < last; j++) {{
      A a = START;
      {_nested(len(axes.reduced), "base + j", "a = COMBINE(a, TERM(at, t));")}
      END(row * columns + j, a);
    }}""")
    return "\n".join(parts)


def _row(axes: Axes, how: Reduction, wide: bool) -> str:
    """Return the C that reduces along the innermost axis, by four vectors, and over the axes around it."""
    names, inner = ["a0", "a1", "a2", "a3"], len(axes.reduced) - 1
    size = f"gone{inner}" if axes.reduced else "1"
    terms = " ".join(_added(a, f"at + j + {8 * k}", how) for k, a in enumerate(names))
    many = f"for (; j + 32 <= {size}; j += 32) {{ {terms} }}" if wide else ""
    loop = f"int j = 0; {many} for (; j < {size}; j++) a = COMBINE(a, TERM(at + j, j));"
    starts = "float8 a0 = START, a1 = START, a2 = START, a3 = START;" if wide else ""
    seek = f"for (int j = 0; sought && j < {size}; j++) {_ZERO_SOUGHT.format('at + j')}"
    sought = f"bool sought = a == 0; {_nested(max(inner, 0), 'base', seek)}"
    return f"""    A a = START;
    {starts}
    {_nested(max(inner, 0), "base", loop)}
    {_joined(how) if wide else ""}
    {sought if wide and how.first_zero else ""}
    END(row, a);"""


_ZERO_SOUGHT = "if (TERM({0}, 0) == 0) a = TERM({0}, 0), sought = false;"


def _nested(loops: int, base: str, body: str) -> str:
    """Return loops over reduced axes around ``body``: it reads at ``at``, place ``t`` of the last one."""
    text = ""
    for i in range(loops):
        text += f"for (int t{i} = 0, p{i} = {base}; t{i} < gone{i}; t{i}++, p{i} += gone_step{i}) "
        base = f"p{i}"
    return f"{text}{{ int at = {base}, t = {f't{loops - 1}' if loops else 0}; {body} }}"


def _added(a: str, at: str, how: Reduction) -> str:
    term = f"FROM_LOW(convert_float8(LOAD8(x, {at})))"
    return f"{a} = {how.combine.format(a, f'({term} * scale)' if how.scaled_first else term)};"


def _joined(how: Reduction) -> str:
    """Return the C that makes one number of four vectors."""
    lines = [
        f"a0 = {how.combine.format('a0', 'a1')}; a2 = {how.combine.format('a2', 'a3')};",
        f"a0 = {how.combine.format('a0', 'a2')};",
        f"float4 b = {how.combine.format('a0.lo', 'a0.hi')};",
        f"float2 d = {how.combine.format('b.lo', 'b.hi')};",
        f"a = COMBINE(a, {how.combine.format('d.x', 'd.y')});",
    ]
    return " ".join(lines)


def _end(o: str, a: str) -> str:
    c = f"({o}) % channels"
    return f"STORE8(y, PLACE({o}, {c}), EPILOGUE8(TO_F8({a} * factor), {o}, {c}));"


# On a GPU.


def _on_gpu(axes: Axes, how: Reduction, wide: bool, target: Target) -> Written:
    """Return the kernel whose work-groups share results, its sizes, and how to launch it.

    Neighbors in a group read neighbors in memory: columns, or along the innermost axis.
    """
    by_columns = axes.columns > 1
    lanes = _power_of_two(axes.columns if by_columns else axes.count, 32 if by_columns else _GROUP)
    across, along = (lanes, _GROUP // lanes) if by_columns else (_GROUP // lanes, lanes)
    own = f"int own = l % {across}, lane = l / {across};"
    if not by_columns:
        own = f"int own = l / {along}, lane = l % {along};"
    results = axes.rows * axes.columns
    source = f"""
__kernel __attribute__((reqd_work_group_size({_GROUP}, 1, 1)))
void reduce({_PARAMS}, int results, int count, int columns{_axis_params(axes)} EPILOGUE_PARAMS) {{
  int l = get_local_id(0);
  {own}
  int o = get_group_id(0) * {across} + own;
  __local A part[{_GROUP}];
  A a = START;
  if (o < results) {{
{_base(axes, "(o / columns)")}
    base += o % columns;
    for (int t = lane; t < count; t += {along}) {{
{_offset(axes)}
      a = COMBINE(a, TERM(at, t));
    }}
  }}
  part[own * {along} + lane] = a;
  for (int half_of = {along // 2}; half_of > 0; half_of /= 2) {{
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < half_of) {{
      A other = part[own * {along} + lane + half_of];
      a = COMBINE(a, other);
      part[own * {along} + lane] = a;
    }}
  }}
  if (lane == 0 && o < results) {{
    {_first_zero(axes) if how.first_zero else ""}
    END(o, a);
  }}
}}
"""
    return source, (results, axes.count, axes.columns), (blocks(results, across) * _GROUP,), (_GROUP,)


def _first_zero(axes: Axes) -> str:
    return f"""
{_base(axes, "(o / columns)")}
    base += o % columns;
    bool sought = a == 0;
    for (int t = 0; sought && t < count; t++) {{
{_offset(axes)}
      {_ZERO_SOUGHT.format("at")}
    }}"""


def _offset(axes: Axes) -> str:
    """Return the C that finds the ``t``-th of the values that make a result."""
    lines = ["int at = base, rest = t;"]
    for i in reversed(range(len(axes.reduced))):
        lines += [f"at += rest % gone{i} * gone_step{i}; rest /= gone{i};"]
    return "\n".join(f"      {line}" for line in lines)


def _power_of_two(size: int, most: int) -> int:
    """Return the smallest power of two that is not below ``size``, but at most ``most``."""
    return min(most, 1 << max(size - 1, 0).bit_length())
