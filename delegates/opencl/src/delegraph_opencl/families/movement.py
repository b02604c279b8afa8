"""Ops that only move values: for each axis of the output, a table says where in the input it comes from.

The element at (i, j, …) of the output is the input's at ``a[i] + b[j] + …``, so numpy's functions on
vectors say what an op does: to slice an axis is to slice its table, to transpose to reorder the tables::

    moving(lambda op, tables: [tables[1], tables[0][::-1]])  # transposed, then turned upside down

A negative entry stands for what lies outside of the input, and is filled.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from delegraph import Op, evolve, frozen

from ..program.launch import Arg, Launch, Packed, blocks, int32s
from ..program.lowering import same_levels
from ..program.node import Kernel, Node, Value, numpy_type
from ..program.target import Target
from .elementwise import constant, spread

OUTSIDE = -1
Tables = Sequence[np.ndarray]

_LONG = 16384  # entries: the innermost table takes in the axes around it up to this length
_AXES = 3  # what the kernels take
_CHUNK = 4096  # elements: a longer run is cut, so that several work-items share it
_STRIP = 16  # columns of a transposed matrix that are written side by side
_WORK = 4096  # elements of a work-item on a CPU, at least
_ITEMS = 64  # work-items on a CPU, at most


def moving(sources: Callable[[Op, list[np.ndarray]], Iterable[np.ndarray]]) -> Kernel:
    """Return the kernel of an op that moves values of its first input to its output, zeros around them.

    :param sources: gets the op and a table for each axis of the input, and returns one for each axis of the
        output; an axis of the output may also be given as several, each inside the one before it.
    """

    def prepare(node: Node, target: Target) -> Iterator[Launch]:
        x, y = node.input(0), node.outputs[0]
        return moved(x, y, list(sources(node.op, tables_of(x.shape))), target)

    def views(node: Node) -> list[int] | None:
        x = node.input(0)
        start = _start_of_run(list(sources(node.op, tables_of(x.shape))))
        return None if start is None else [start]

    return Kernel(prepare, views=views, narrow=True)


def _start_of_run(sources: Tables) -> int | None:
    """Return where all that is written begins if it lies in the input as in the output; None if not."""
    sizes = [len(table) for table in sources]
    if 0 in sizes:
        return 0
    starts = [int(table[0]) for table in sources]
    for table, first, stride in zip(sources, starts, strides_of(sizes), strict=True):
        if first < 0 or (len(table) > 1 and not (np.diff(table) == stride).all()):
            return None
    return sum(starts)


def tables_of(shape: Sequence[int]) -> list[np.ndarray]:
    """Return for each axis of a contiguous tensor where each position along it lies."""
    return [np.arange(n) * stride for n, stride in zip(shape, strides_of(shape), strict=True)]


def strides_of(shape: Sequence[int]) -> list[int]:
    """Return how many elements lie between neighbors along each axis of a contiguous tensor."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]


def joined(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Return one table for two axes, the second inside the first."""
    a, b = outer[:, None], inner[None]
    return np.where((a < 0) | (b < 0), OUTSIDE, a + b).reshape(-1)


def moved(
    x: Value,
    y: Value,
    sources: Tables,
    target: Target,
    *,
    fill: float = 0,
    strides: Sequence[int] | None = None,
    start: int = 0,
) -> Iterator[Launch]:
    """Yield the launch that stores values of ``x`` in ``y``; none if there is nothing to store.

    :param sources: a table for each axis of what is written.
    :param fill: what is stored where nothing of ``x`` goes: a stored number.
    :param strides: of those axes in ``y``; if they are not given, all of it is written.
    :param start: where in ``y`` the first element lies.
    """
    sizes = [len(table) for table in sources]
    if strides is None:
        assert math.prod(sizes) == y.size, f"{sizes} elements for {y.shape}"
        strides = strides_of(sizes)
    if 0 in sizes:
        return
    elements = elements_of(x, y, target, fill)
    tables = tuple([t.astype(np.int64).tobytes() for t in sources])
    block, unit, runs = _arranged(tables, tuple(strides), start, elements.width)
    elements = evolve(elements, width=elements.width * unit)
    if target.variant == "gpu":
        runs = None
    launch = _each(block, elements, target) if runs is None else _by_runs(block, runs, elements, target)
    yield launch(x, y)


@lru_cache(maxsize=128)  # a model does the same again and again
def _arranged(
    sources: tuple[bytes, ...], strides: tuple[int, ...], start: int, width: int
) -> tuple[_Block, int, np.ndarray | None]:
    """Return how a block is written, the number of elements of its units, and its innermost axis's runs.

    :param sources: tables of int64.
    :param width: bytes of an element; 0: real numbers that are converted, one by one.
    """
    axes = [_Axis(np.frombuffer(t, np.int64), s) for t, s in zip(sources, strides, strict=True)]
    block, unit = _condensed(axes, start), 1
    if width:
        block, unit = _widened(block, 16 // width)
    block = _tiled(block)
    return block, unit, _runs(block.axes[-1])


# What one element is.


@frozen(hash=False)
class Elements:
    """What is moved at once: as it is in memory, or real numbers brought to the levels of the output."""

    width: int  # bytes; 0: real numbers that are converted
    defines: tuple[tuple[str, str], ...]
    args: tuple[Arg, ...]  # for ELEMENT_PARAMS

    @property
    def all_defines(self) -> tuple[tuple[str, str], ...]:
        return self.defines + (
            (("T", TYPES[self.width]), ("FILL", _FILLS[self.width])) if self.width else ()
        )


# An element of so many bytes in OpenCL C, to move as it is.
TYPES = {1: "uchar", 2: "ushort", 4: "uint", 8: "ulong", 16: "uint4"}
_FILLS = {n: f"({t})fill" for n, t in TYPES.items()} | {16: "as_uint4((ulong2)(fill))"}


def elements_of(x: Value, y: Value, target: Target, fill: float = 0) -> Elements:
    """Return how elements of ``x`` are moved to ``y``: what the macros of ``ELEMENTS`` stand for."""
    real = y.dtype == "real"
    alike = same_levels(x, y) and x.scale == y.scale and x.narrow == y.narrow
    if real and (not alike or (x.is_constant and target.half)):
        return _converted(x, y, fill)
    dtype = type_in_memory(y, target)
    stored = np.full(8 // dtype.itemsize, fill - y.low, dtype).view(np.uint64)
    return Elements(dtype.itemsize, (), (stored[0],))


def type_in_memory(value: Value, target: Target) -> np.dtype:
    if value.narrow:
        return np.dtype(np.uint8)
    if value.dtype == "real":
        return np.dtype(np.float16 if target.half else np.float32)
    return numpy_type(value)


def _converted(x: Value, y: Value, fill: float) -> Elements:
    value = "LOADF(x, i)" if x.is_constant else "(LOAD(x, i) + (F)from_low)" if x.low else "LOAD(x, i)"
    value += " * (F)ratio"
    if y.levels is not None:
        value = f"fmin(fmax(ROUND({value}), (F)low), (F)high)"
    if y.low:
        value += " - (F)to_low"
    low, high = y.levels or (0, 0)
    numbers = (fill - y.low, x.low, y.low, x.scale / y.scale, low, high)
    defines = (("X", "float" if x.is_constant else x.c_type), ("Y", y.c_type), ("GET(x, i)", value))
    return Elements(0, defines, tuple(map(np.float32, numbers)))


# ``MOVE(i, j)`` stores element ``i`` of ``x`` as element ``j`` of ``y``; ``FILL_IN(j)`` stores the fill.
ELEMENTS = """
#ifdef T
#define X T
#define Y T
#define MOVE(i, j) y[j] = x[i]
#define FILL_IN(j) y[j] = FILL
#define ELEMENT_PARAMS , ulong fill
#else
#define MOVE(i, j) STORE(y, j, GET(x, i))
#define FILL_IN(j) STORE(y, j, (F)fill)
#define ELEMENT_PARAMS , float fill, float from_low, float to_low, float ratio, float low, float high
#endif
"""


def stored(x: Value) -> Arg:
    """Return a value as the argument of a kernel: its buffer, or a constant's numbers."""
    if not x.is_constant:
        return x
    if x.dtype == "real":
        return constant(x)
    key = f"stored values of tensor {x.root.tensor.index} from {x.root_offset}: {x.shape}"
    return Packed(key, lambda: np.ascontiguousarray(x.data()))


# Blocks of few axes.


@frozen(hash=False)
class _Axis:
    sources: np.ndarray
    stride: int  # in the output

    def __len__(self) -> int:
        return len(self.sources)

    def surrounds(self, inner: _Axis) -> bool:
        """Say whether this axis and the next one inside it are one axis in the output."""
        return len(self) == 1 or len(inner) == 1 or self.stride == len(inner) * inner.stride

    def around(self, inner: _Axis) -> _Axis:
        stride = self.stride if len(inner) == 1 else inner.stride
        return _Axis(joined(self.sources, inner.sources), stride)


@frozen(hash=False)
class _Block:
    """What is written."""

    axes: tuple[_Axis, ...]
    start: int

    @property
    def size(self) -> int:
        return math.prod(map(len, self.axes))


def _condensed(axes: Sequence[_Axis], start: int) -> _Block:
    """Return the block with exactly three axes, the innermost one long but not too long."""
    found = [_Axis(np.zeros(1, np.int64), 1)]
    for axis in reversed(axes):
        inner = found[-1]
        fits = len(axis) == 1 or len(inner) == 1 or len(axis) * len(inner) <= _LONG
        if fits and axis.surrounds(inner):
            found[-1] = axis.around(inner)
        else:
            found.append(axis)
    while len(found) > _AXES:
        at = max(i for i in range(1, len(found)) if found[i].surrounds(found[i - 1]))
        found[at - 1 : at + 1] = [found[at].around(found[at - 1])]
    found += [_Axis(np.zeros(1, np.int64), 0)] * (_AXES - len(found))
    return _Block(tuple(reversed(found)), start)


def _widened(block: _Block, most: int) -> tuple[_Block, int]:
    """Return the block in units of as many elements as always stay together, and that power of 2."""
    unit = most
    while unit > 1 and not _stay_together(block, unit):
        unit //= 2
    if unit == 1:
        return block, 1
    *outer, inner = block.axes
    axes = [_Axis(a.sources // unit, a.stride // unit) for a in outer]
    return _Block((*axes, _Axis(inner.sources[::unit] // unit, 1)), block.start // unit), unit


def _stay_together(block: _Block, unit: int) -> bool:
    *outer, inner = block.axes
    if inner.stride != 1 or len(inner) % unit or block.start % unit:
        return False
    units = inner.sources.reshape(-1, unit)
    firsts = units[:, :1]
    follow = (firsts >= 0) & (units - firsts == np.arange(unit))
    if not (follow | (units < 0).all(axis=1, keepdims=True)).all():
        return False
    starts = [firsts, *(a.sources for a in outer)]
    return not any((s[s >= 0] % unit).any() for s in starts) and not any(a.stride % unit for a in outer)


def _tiled(block: _Block) -> _Block:
    """Return a transposed matrix in strips: each line of the input is read while it is in the cache."""
    outermost, rows, columns = block.axes
    if len(outermost) > 1 or len(columns) % _STRIP or len(columns) == _STRIP:
        return block
    across = np.diff(columns.sources)
    if (np.diff(rows.sources) != 1).any() or across[0] < _STRIP or (across != across[0]).any():
        return block
    strips = _Axis(columns.sources[::_STRIP], columns.stride * _STRIP)
    within = columns.sources[:_STRIP] - columns.sources[0]
    return evolve(block, axes=(strips, rows, _Axis(within, columns.stride)))


def _runs(inner: _Axis) -> np.ndarray | None:
    """Return the runs of an axis as rows (first, source, length); None if it has none to speak of."""
    if inner.stride != 1:
        return None
    after = np.diff(inner.sources)
    follows = (after == 1) & (inner.sources[:-1] >= 0) | (after == 0) & (inner.sources[:-1] < 0)
    firsts = np.concatenate([[0], np.flatnonzero(~follows) + 1, np.arange(_CHUNK, len(inner), _CHUNK)])
    firsts = np.unique(firsts)
    lengths = np.diff(firsts, append=len(inner))
    if len(firsts) * 4 > len(inner) > 4:
        return None
    return np.stack([firsts, inner.sources[firsts], lengths], axis=1)


# Launches.


def table(values: np.ndarray, dtype: Any = np.int32) -> Packed:
    """Return numbers for a kernel, known by what they are."""
    array: np.ndarray = np.ascontiguousarray(values.reshape(-1), dtype)
    return Packed(f"table {hashlib.sha256(array.tobytes()).hexdigest()}", lambda: array)


def _each(block: _Block, elements: Elements, target: Target) -> Callable[[Value, Value], Launch]:
    per_item = 1 if target.variant == "gpu" else max(_WORK, blocks(block.size, _ITEMS))
    spec = _Movement(
        "move_each", block.axes[-1].sources, per_item, spread(blocks(block.size, per_item), target)
    )
    return lambda x, y: _launch(block, elements, x, y, spec)


def _by_runs(
    block: _Block, runs: np.ndarray, elements: Elements, target: Target
) -> Callable[[Value, Value], Launch]:
    count = len(runs) * len(block.axes[0]) * len(block.axes[1])
    per_item = blocks(count, max(min(_ITEMS, block.size // _WORK), 1))
    spec = _Movement("move_runs", runs, per_item, spread(blocks(count, per_item), target))
    return lambda x, y: _launch(block, elements, x, y, spec)


@frozen(hash=False)
class _Movement:
    """Which kernel, the rows of its table for the innermost axis, and how they are shared."""

    name: str
    rows: np.ndarray
    per_item: int  # rows that a work-item takes
    sizes: tuple[tuple[int, ...], tuple[int, ...]]  # global and local


def _launch(block: _Block, elements: Elements, x: Value, y: Value, spec: _Movement) -> Launch:
    a, b, c = block.axes
    tables = table(np.concatenate([a.sources, b.sources, spec.rows.reshape(-1)]))
    numbers = int32s(
        len(a), len(b), len(spec.rows), a.stride, b.stride, c.stride, block.start, spec.per_item
    )
    args = (stored(x), y, tables, *numbers, *elements.args)
    return Launch(_SOURCE, spec.name, args, *spec.sizes, elements.all_defines, (y,))


_SOURCE = (
    ELEMENTS
    + """
#define PARAMS __global const X* restrict x, __global Y* restrict y, __global const int* restrict tables, \\
  int n0, int n1, int n2, int s0, int s1, int s2, int start, int per_item ELEMENT_PARAMS

// One row after the other; in each, from position k on.
#define EACH_ROW \\
  __global const int* a = tables; \\
  __global const int* b = a + n0; \\
  __global const int* c = b + n1; \\
  int at = get_global_id(0) * per_item, last = min(at + per_item, n0 * n1 * n2); \\
  for (int row = at / n2, k = at % n2; at < last; row++, k = 0)

#define ROW \\
  int from0 = a[row / n1], from1 = b[row % n1]; \\
  bool outside = from0 < 0 || from1 < 0; \\
  int from = from0 + from1, to = start + row / n1 * s0 + row % n1 * s1; \\
  int stop = min(n2, k + last - at); \\
  at += stop - k

// c: the source of each position.
__kernel void move_each(PARAMS) {
  EACH_ROW {
    ROW;
    for (; k < stop; k++) {
      if (outside || c[k] < 0) FILL_IN(to + k * s2);
      else MOVE(from + c[k], to + k * s2);
    }
  }
}

// c: first position, source and length of each run.
__kernel void move_runs(PARAMS) {
  EACH_ROW {
    ROW;
    for (; k < stop; k++) {
      int first = to + c[3 * k], source = c[3 * k + 1], length = c[3 * k + 2];
      if (outside || source < 0) for (int i = 0; i < length; i++) FILL_IN(first + i);
      else for (int i = 0; i < length; i++) MOVE(from + source + i, first + i);
    }
  }
}
"""
)
