"""Elementwise ops: one formula an op, with numpy's broadcasting.

An op of real numbers is fused into what computes an operand, where possible. Its formula is OpenCL C of
``{0}``, ``{1}``, … that holds for a float and for a vector of floats; ``{F}`` is the type of both::

    elementwise("({0} > 0 ? {0} : {0} * {1})")      # PRELU
    elementwise("{0} * fmax({0} + ({F})(3), ({F})(0))")

What comes out as integers or bools is computed one element at a time: ``counted("{0} < {1}")``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from delegraph import Op, float_range, frozen

from ..program.epilogue import (
    NO_EPILOGUE,
    Epilogue,
    channels_of,
    epilogue_of,
    operand_kind,
    repeats,
    vector,
)
from ..program.launch import Arg, Launch, Packed, blocks, int32s, rounded_up
from ..program.node import C_TYPES, Kernel, Node, PostOp, Value, numpy_type
from ..program.target import Target

Formula = str | Callable[[Op], str]  # a function where it depends on the op's options

_LEAST_WORK = 1024  # elements of a work-item on a CPU: fewer cost more in launching than in computing
_GROUP = 64  # work-items of a work-group on a GPU
_LONG = 256  # numbers side by side: of so many, those left behind the last whole vector cost little


def elementwise(formula: Formula) -> Kernel:
    """Return the kernel of an op whose result is real numbers, from operands of any type."""
    return Kernel(
        lambda node, target: launches(node, target, _text_of(formula, node.op), list(_present(node))),
        fuses=True,
        post_op=lambda node, which: _post_op(node, which, _text_of(formula, node.op)),
        narrow=True,
    )


def counted(formula: Formula) -> Kernel:
    """Return the kernel of an op whose result is integers or bools, from operands of any type."""
    return Kernel(
        lambda node, target: launches(node, target, _text_of(formula, node.op), list(_present(node))),
        narrow=True,
    )


def activated(formula: str) -> Formula:
    """Return the formula of integers with the op's fused activation after it."""

    def text(op: Op) -> str:
        low, high = float_range(op)
        limited = f"max((T)({formula}), (T)({int(low)}))" if low > -math.inf else formula
        return f"min({limited}, (T)({int(high)}))" if high < math.inf else limited

    return text


def literal(number: float | np.floating) -> str:
    """Return a float32 number exactly, for a formula; what is no number by its macro's name."""
    with np.errstate(over="ignore"):
        single = float(np.float32(number))
    text = f"{single.hex()}f" if math.isfinite(single) else _NO_NUMBERS[str(single)]
    return f"({{F}})({text})"


_NO_NUMBERS = {"nan": "NAN", "inf": "INFINITY", "-inf": "-INFINITY"}


def _text_of(formula: Formula, op: Op) -> str:
    return formula if isinstance(formula, str) else formula(op)


def _present(node: Node) -> Iterator[Value]:
    return (v for v in node.inputs if v is not None)


# An op as part of another.


def _post_op(node: Node, which: int, formula: str) -> PostOp | None:
    """Return the op as a post-op on its input ``which``; None where other operands need broadcasting."""
    terms = []
    operands: list[Value | np.ndarray | float] = []
    for i, value in enumerate(_present(node)):
        if i == which:
            terms.append(_scaled("v", value, operands))
        elif operand_kind(value, node.result) is None:
            return None
        else:
            operands.append(value)
            terms.append(_scaled(f"{{{len(operands) - 1}}}", value, operands))
    return PostOp(formula.format(*terms, F="{F}"), tuple(operands))


def _scaled(term: str, value: Value, operands: list[Value | np.ndarray | float]) -> str:
    """Return the term for a value's real number."""
    if value.scale == 1.0 or value.is_constant:
        return term
    operands.append(float(value.scale))
    return f"({term} * {{{len(operands) - 1}}})"


# An op alone.


@frozen
class Loop:
    """The axes over which an op runs, those merged that no operand tells apart; sizes of 1 left out."""

    outer: tuple[int, ...]
    inner: int
    # For each operand and axis, the innermost last: how far apart neighbors lie; 0: broadcast.
    strides: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> int:
        return math.prod(self.outer)


def loop_over(shape: Sequence[int], operands: Sequence[Sequence[int]], channelwise: bool = False) -> Loop:
    """Return the loop over all elements of ``shape``.

    :param operands: shapes that broadcast to it.
    :param channelwise: the last axis stays by itself: along it lie the channels.
    """
    full = [(1,) * (len(shape) - len(s)) + tuple(s) for s in operands]
    merged: list[tuple[int, tuple[bool, ...]]] = []  # size, and which operands have the axis
    for axis, size in enumerate(shape):
        has = tuple(s[axis] != 1 for s in full)
        alone = channelwise and axis == len(shape) - 1
        if size != 1 and merged and merged[-1][1] == has and not alone:
            merged[-1] = (merged[-1][0] * size, has)
        elif size != 1 or alone:
            merged.append((size, has))
    *outer, inner = [size for size, _ in merged] or [1]
    strides = [_strides(merged, i) for i in range(len(full))]
    return Loop(tuple(outer), inner, tuple(strides))


def _strides(axes: Sequence[tuple[int, tuple[bool, ...]]], operand: int) -> tuple[int, ...]:
    found, stride = [], 1
    for size, has in reversed(axes):
        found.append(stride if has[operand] else 0)
        stride *= size if has[operand] else 1
    return tuple(reversed(found)) or (0,)


@frozen(eq=False)
class Source:
    """An operand in a kernel: what declares it, what is passed, and how elements of it are read."""

    type: str  # of an element that is not computed with as a real number
    params: tuple[str, ...]
    args: tuple[Arg, ...]
    load: Callable[[str, bool, int], str]  # (index, whether neighbors are side by side, width) -> C


def launches(
    node: Node,
    target: Target,
    formula: str,
    operands: Sequence[Value],
    *,
    before: Sequence[PostOp] = (),
    by_vectors: bool = True,
) -> Iterator[Launch]:
    """Yield the launch that computes the node: a work-item takes some rows, or a run of elements of one.

    :param operands: values of any type that broadcast to the node's result.
    :param before: what becomes of a real number before the op's own activation.
    :param by_vectors: the formula holds for vectors; if not, it may use ``at + j``, a flat index.
    """
    result, out = node.result, node.outputs[0]
    if not result.size:
        return
    real = result.dtype == "real"
    pixels = _pixels(node, operands) if real and target.variant == "cpu" else 1
    epilogue = epilogue_of(node, before, pixels) if real else NO_EPILOGUE
    shapes = [_joined(v.shape, pixels) for v in (result, *operands)]
    loop = loop_over(shapes[0], shapes[1:], epilogue.channelwise)
    width = _width(loop.inner, target) if real and by_vectors else 1
    # A GPU has one instruction for four numbers, if their place is a multiple of 4.
    aligned = target.variant == "gpu" and width == 4 and loop.inner % 4 == 0
    sources = [_source(v, i, real, aligned) for i, v in enumerate(operands)]
    text = Text(loop, sources, formula, epilogue, real, width, aligned and not node.place)
    rows, run = _share(loop, target, width)
    chunks = blocks(loop.inner, run)
    items, local = spread(blocks(loop.rows, rows) * chunks, target)
    sizes = int32s(loop.rows, rows, loop.inner, run, chunks, *loop.outer[1:], *text.strides.values())
    yield Launch(
        text.kernel(),
        "elementwise",
        (*(arg for s in sources for arg in s.args), out, *sizes, *epilogue.args),
        items,
        local,
        (("T", out.c_type),),
        writes=(out,),
        flops=result.size,
    )


def _pixels(node: Node, operands: Sequence[Value]) -> int:
    """Return how many pixels to take for one: so many that vectors are full, where channels are few."""
    result, channels = node.result, channels_of(node)
    if channels >= _LONG or not repeats(node) or any(v.shape != result.shape for v in operands):
        return 1
    fitting = (math.lcm(channels, width) // channels for width in (16, 8))
    return next((pixels for pixels in fitting if result.size % (channels * pixels) == 0), 1)


def _joined(shape: Sequence[int], pixels: int) -> Sequence[int]:
    return shape if pixels == 1 else (math.prod(shape) // (shape[-1] * pixels), shape[-1] * pixels)


def spread(items: int, target: Target) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return global and local size for so many work-items; on a GPU there may be more, without work."""
    if target.variant == "cpu":
        return (max(items, 1),), (1,)
    return (rounded_up(max(items, 1), _GROUP),), (_GROUP,)


def _share(loop: Loop, target: Target, width: int) -> tuple[int, int]:
    """Return how many rows a work-item takes, and how many elements of each."""
    if target.variant == "gpu":
        return 1, width
    least = max(_LEAST_WORK, blocks(loop.rows * loop.inner, 4 * target.units))
    if loop.inner > least:
        return 1, rounded_up(least, 16)
    return max(1, least // loop.inner), loop.inner


def _width(inner: int, target: Target) -> int:
    """Return how many elements are computed at once."""
    widths: tuple[int, ...] = (4,)
    if target.variant == "cpu":
        widths = (16, 8, 4) if inner % 16 == 0 or inner >= _LONG else (8, 4)
    return next((w for w in widths if w <= inner), 1)


def _source(value: Value, i: int, real: bool, aligned: bool) -> Source:
    """Return how operand number ``i`` is read: as real numbers, or for other results as it is stored."""
    name, is_real = f"a{i}", value.dtype == "real"
    if value.is_constant and value.size == 1:
        return _number_source(value, name, real)
    stored = "float" if value.is_constant and is_real else value.c_type
    param = f"__global const {stored}* restrict {name}"
    arg = constant(value) if value.is_constant else value
    if not is_real:
        return Source(stored, (param,), (arg,), lambda at, side, w: _integers(name, at, side, w, real))
    load = "LOADF" if value.is_constant else "LOADA" if aligned else "LOAD"
    source = Source("F", (param,), (arg,), lambda at, side, w: _reals(load, name, at, side, w))
    if value.low:
        source = _then(source, "+", f"z{i}", value.low)
    if value.scale != 1.0 and not value.is_constant:
        source = _then(source, "*", f"s{i}", value.scale)
    return source


def _then(source: Source, sign: str, name: str, number: float) -> Source:
    """Return a source of real numbers with a number added to them, or multiplied by it."""
    return Source(
        source.type,
        (*source.params, f"float {name}"),
        (*source.args, np.float32(number)),
        lambda at, side, w: f"({source.load(at, side, w)} {sign} ({vector(w)})({name}))",
    )


def _number_source(value: Value, name: str, real: bool) -> Source:
    """Return how a constant is read that is a single number: it is passed as such."""
    dtype = np.dtype(np.float32) if value.dtype == "real" else numpy_type(value)
    stored = "float" if value.dtype == "real" else C_TYPES[value.dtype]
    kind = "F" if value.dtype == "real" else stored
    number = dtype.type(value.data().reshape(-1)[0])
    if dtype == np.bool_:
        number = np.uint8(number)

    def load(at: str, side_by_side: bool, width: int) -> str:
        return f"({vector(width) if real else kind})({name})"

    return Source(kind, (f"{stored} {name}",), (number,), load)


def _reals(load: str, name: str, at: str, side_by_side: bool, width: int) -> str:
    if width > 1 and side_by_side:
        return f"{load}{width}({name}, {at})"
    return f"({vector(width)})({load.removesuffix('A')}({name}, {at}))"


def _integers(name: str, at: str, side_by_side: bool, width: int, real: bool) -> str:
    if not real:
        return f"{name}[{at}]"
    if width > 1 and side_by_side:
        return f"TO_F{width}(vload{width}(0, {name} + {at}))"
    return f"({vector(width)})(TO_F({name}[{at}]))"


def constant(value: Value) -> Packed:
    """Return a constant operand: real numbers as float32, others as the file has them."""
    dtype = np.dtype(np.float32) if value.dtype == "real" else numpy_type(value)
    key = f"tensor {value.root.tensor.index} from {value.root_offset}: {value.shape} {dtype}"
    nbytes = 4 * value.size if value.dtype == "real" else None  # others may be indices
    return Packed(key, lambda: np.ascontiguousarray(value.data(), dtype), nbytes)


@frozen
class Text:
    """A kernel's OpenCL C."""

    loop: Loop
    sources: Sequence[Source]
    formula: str
    epilogue: Epilogue
    real: bool  # the result is real numbers
    width: int  # elements computed at once
    aligned: bool  # they are stored at multiples of their number

    @property
    def strides(self) -> dict[str, int]:
        """The strides along outer axes that are not 0, by the name of their parameter."""
        return {
            f"d{i}_{axis}": stride
            for i, strides in enumerate(self.loop.strides)
            for axis, stride in enumerate(strides[:-1])
            if stride
        }

    def kernel(self) -> str:
        params = [p for s in self.sources for p in s.params]
        params += ["__global T* restrict y"]
        params += [f"int {name}" for name in ("rows", "rows_each", "inner", "run", "chunks")]
        params += [f"int n{axis}" for axis in range(1, len(self.loop.outer))]
        params += [f"int {name}" for name in self.strides]
        many = f"for (; j + {self.width} <= last; j += {self.width}) {{{self._body(self.width)}    }}"
        return f"""{self.epilogue.text}
__kernel void elementwise({", ".join(params)} EPILOGUE_PARAMS) {{
  int row = get_global_id(0) / chunks * rows_each;
  int first = get_global_id(0) % chunks * run, last = min(first + run, inner);
  int end = min(row + rows_each, rows);
  for (; row < end; row++) {{
{self._offsets()}
    int at = row * inner, j = first;
    {many if self.width > 1 else ""}
    for (; j < last; j++) {{{self._body(1)}    }}
  }}
}}
"""

    def _offsets(self) -> str:
        """Return what finds where each operand's row begins."""
        lines = ["int left = row;"]
        for axis in range(len(self.loop.outer) - 1, 0, -1):
            lines += [f"int i{axis} = left % n{axis};", f"left /= n{axis};"]
        lines += ["int i0 = left;"] if self.loop.outer else []
        for i in range(len(self.sources)):
            own = [name for name in self.strides if name.startswith(f"d{i}_")]
            terms = [f"i{name.removeprefix(f'd{i}_')} * {name}" for name in own]
            lines.append(f"int o{i} = {' + '.join(terms) or '0'};")
        return "\n".join(f"    {line}" for line in lines)

    def _body(self, width: int) -> str:
        """Return what computes ``width`` elements from element ``j`` of a row on."""
        lines = []
        for i, (source, strides) in enumerate(zip(self.sources, self.loop.strides, strict=True)):
            side_by_side = strides[-1] == 1
            load = source.load(f"o{i} + j" if side_by_side else f"o{i}", side_by_side, width)
            lines.append(f"{vector(width) if self.real else source.type} x{i} = {load};")
        names = [f"x{i}" for i in range(len(self.sources))]
        value = self.formula.format(*names, F=vector(width) if self.real else "float")
        lines += (
            [f"{vector(width)} v = {value};", self._store(width)]
            if self.real
            else [f"y[at + j] = {value};"]
        )
        return "".join(f"\n      {line}" for line in lines) + "\n"

    def _store(self, width: int) -> str:
        if width == 1:
            return "STORE(y, PLACE(at + j, j), EPILOGUE(v, at + j, j));"
        store = "STOREA" if self.aligned else "STORE"
        return f"{store}{width}(y, PLACE(at + j, j), EPILOGUE{width}(v, at + j, j));"
