"""Products of matrices, either side stored in any order: for BATCH_MATMUL, and for the gates of an LSTM.

``products.cl`` and, for GPUs, ``products_shared.cl`` say how each variant works.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from delegraph import evolve, frozen

from ..cpu.tiles import tile_sizes
from ..program.epilogue import Epilogue
from ..program.launch import Arg, Launch, Packed, blocks, int32s
from ..program.node import Scratch, Value
from ..program.sources import cl_source
from ..program.target import Target
from .elementwise import spread
from .movement import moved, table

_FEW = 4  # rows: for so few, rearranging the other matrix costs more than it gains
_TASKS = 8  # per core


@frozen(hash=False)
class Side:
    """The left or the right operand: matrices one after the other."""

    arg: Arg  # a value, or a constant
    begins: np.ndarray  # for each matrix of the result, the element where the one here begins
    along: int  # stride of rows of the left side, of columns of the right one
    deep: int  # stride along the depth

    @property
    def macros(self) -> tuple[str, str]:
        return ("float", "LOADF") if isinstance(self.arg, Packed) else ("REAL", "LOAD")


@frozen(hash=False)
class Product:
    """left: (stacks, rows, depth) times right: (stacks, depth, columns).

    The columns of a row of the result lie side by side.
    """

    left: Side
    right: Side
    out: Value | Scratch  # scratch memory holds float32
    rows: int
    columns: int
    depth: int
    epilogue: Epilogue
    begins: np.ndarray | None = None  # of each matrix in the result; None: one behind the other
    along: int | None = None  # stride of rows of the result; None: one behind the other

    @property
    def count(self) -> int:
        return len(self.left.begins)

    @property
    def step(self) -> int:
        return self.columns if self.along is None else self.along

    def launch(
        self, args: tuple[Arg, ...], sizes: tuple[tuple[int, ...], tuple[int, ...]], **defines: object
    ) -> Launch:
        (a, load_a), (b, load_b) = self.left.macros, self.right.macros
        widths = ("", 4, 8, 16)
        loads = [(f"LOAD_{s}{w}", f"{f}{w}") for s, f in (("A", load_a), ("B", load_b)) for w in widths]
        c = "REAL" if isinstance(self.out, Value) else "float"
        stores = [_store(w, isinstance(self.out, Value)) for w in widths]
        source = "products_shared" if "EACH" in defines else "products"
        own = np.arange(self.count) * self.rows * self.columns if self.begins is None else self.begins
        begins = (self.left.begins, self.right.begins, own)
        return Launch(
            self.epilogue.text + cl_source(f"families/{source}.cl"),
            "product",
            (
                self.left.arg,
                self.right.arg,
                self.out,
                table(np.stack(begins, axis=1)),
                *args,
                *self.epilogue.args,
            ),
            *sizes,
            (("A", a), ("B", b), ("C", c), *loads, *stores, *defines.items()),
            writes=(self.out,),
            flops=2 * self.count * self.rows * self.columns * self.depth,
        )


def multiplied(product: Product, target: Target) -> Iterator[Launch]:
    """Yield the launches that store a product."""
    if target.variant == "gpu":
        yield _shared(product)
    elif product.left.deep == 1 and product.right.deep == 1 and product.rows <= _FEW:
        yield _dots(product, target)
    else:
        yield from _tiled(product, target)


def _store(width: int | str, is_real: bool) -> tuple[str, str]:
    if is_real:
        return f"STORE_C{width}", f"STORE{width}"
    if not width:
        return "STORE_C(p, i, v)", "(p)[i] = (float)(v)"
    return f"STORE_C{width}(p, i, v)", f"vstore{width}(convert_float{width}(v), 0, (p) + (i))"


def _shared(p: Product) -> Launch:
    each = 4 if min(p.rows, p.columns) >= 32 else 1
    tile = 16 * each
    groups = p.count * blocks(p.rows, tile) * blocks(p.columns, tile)
    strides = (p.left.along, p.left.deep, p.right.deep, p.right.along)
    args = int32s(p.rows, p.columns, p.depth, *strides, p.step)
    return p.launch(args, ((256 * groups,), (256,)), EACH=each)


def _dots(p: Product, target: Target) -> Launch:
    tasks = p.count * p.rows * blocks(p.columns, 4)
    per_item = max(blocks(tasks, _TASKS * target.units), 1)
    numbers = (p.count, p.rows, p.columns, p.depth, p.left.along, p.right.along, p.step, per_item)
    return p.launch(int32s(*numbers), spread(blocks(tasks, per_item), target), DOTS=1)


def _tiled(p: Product, target: Target) -> Iterator[Launch]:
    sizes = tile_sizes(target.device)
    lanes = next((n for n in (16, 8, 4) if n <= p.columns), 1)
    vectors = sizes.widths[0] if p.columns >= 16 * sizes.widths[0] else 1
    width = lanes * vectors
    panel = 0
    if p.rows > _FEW or p.right.along != 1:
        panels, launches = _in_panels(p, width, target)
        yield from launches
        p, panel = evolve(p, right=panels), p.depth * width
    rows = _rows_of_tile(p.rows, (lanes < 16 and sizes.eight) or sizes.heights[0])
    tasks = p.count * blocks(p.rows, rows) * blocks(p.columns, width)
    per_item = blocks(tasks, _TASKS * target.units)
    strides = (p.left.along, p.left.deep, p.right.deep, panel)
    numbers = (p.count, p.rows, p.columns, p.depth, *strides, p.step, per_item)
    defines: dict[str, object] = {"TILED": 1, "ROWS": rows, "LANES": lanes, "VECTORS": vectors}
    defines["V(name)"] = "name" if lanes == 1 else f"name##{lanes}"
    yield p.launch(int32s(*numbers), spread(blocks(tasks, per_item), target), **defines)


def _rows_of_tile(rows: int, most: int) -> int:
    """Return how many rows a tile has, at most so many, and few of them computed twice."""
    return min(range(1, min(rows, most) + 1), key=lambda n: (blocks(rows, n) * (n + 1), -n))


def _in_panels(p: Product, width: int, target: Target) -> tuple[Side, list[Launch]]:
    """Return the right side as panels of columns, each (depth, width), and the launches that make them."""
    right, depth = p.right, p.depth
    firsts = np.minimum(np.arange(0, p.columns, width), p.columns - width)
    begins, numbers = np.unique(right.begins, return_inverse=True)
    sources = [
        begins,
        firsts * right.along,
        np.arange(depth) * right.deep,
        np.arange(width) * right.along,
    ]
    panels = evolve(right, begins=numbers * len(firsts) * depth * width, along=1, deep=width)
    if isinstance(right.arg, Packed):
        return evolve(panels, arg=_packed(right.arg, sources, f"panels of {width}, {right.along}")), []
    assert isinstance(right.arg, Value)
    shape = (len(begins), len(firsts), depth, width)
    value = evolve(right.arg, shape=shape, base=None, offset=0)
    return evolve(panels, arg=value), list(moved(right.arg, value, sources, target))


def _packed(numbers: Packed, sources: list[np.ndarray], how: str) -> Packed:
    def make() -> np.ndarray:
        return np.ascontiguousarray(numbers.make().reshape(-1)[sum(np.ix_(*sources))], np.float32)

    return Packed(f"{numbers.key}, in {how}", make, 4 * math.prod(map(len, sources)))
