"""Convolutions and what is like them, on GPUs: one product of matrices, in tiles of three kinds.

``tiled.cl`` brings both factors through local memory; ``direct.cl`` reads them from global memory, for
devices whose local memory is no faster; ``dot.cl`` is for a few rows, where weights have to be read as fast
as memory gives them. All read weights as (group, depth, channels), so that a tile is chosen, by rule or by
measuring, without packing them anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from delegraph import Window, evolve, frozen

from ..program.epilogue import NO_EPILOGUE, Epilogue
from ..program.geometry import Geometry
from ..program.launch import Launch, Packed, blocks, int32s, rounded_up
from ..program.node import Scratch, Value
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import Weights
from .device import fits, has_fast_local_memory
from .tuning import Candidate, tuned

_WIDE = 8  # channels of weights are padded to a multiple of it: the most that a work-item reads at once
STEP = 16  # lines of the depth that go through local memory at a time, or are summed up in half precision
_FEW = 8  # rows: so few are products of dot.cl
_SPLITS = (1, 2, 4, 8)
GROUP = 64  # work-items of a work-group where they have nothing to share
_BUSY = 256  # work-items that keep a compute unit busy
# In multiply-adds of a compute unit: one more launch (3 us at 100 GMAC/s), and a float32 number that is
# written and read again (8 bytes, each as long as 10 multiply-adds).
_LAUNCH = 300_000
_STORING = 80
_TRIED = 6  # tiles that are measured, the best by rule
_TRIED_OTHERS = 2  # and of the kind, through local memory or not, that the rule leaves


@frozen
class Tile:
    """How the product is cut: what a work-group computes, and what each of its work-items does."""

    rows: int
    columns: int
    item_rows: int
    item_columns: int
    splits: int = 1  # of the depth, whose sums are added up by another kernel
    local: int = 1  # whether through local memory

    @property
    def items(self) -> int:
        return self.rows // self.item_rows * (self.columns // self.item_columns)

    @property
    def local_bytes(self) -> int:
        return 4 * STEP * (self.rows + 4 + self.columns) * self.local


@frozen
class Phase:
    """Where the results of a convolution lie: every ``step``-th element from ``first`` on, of ``size``."""

    height: int
    width: int
    step_y: int = 1
    step_x: int = 1
    first_y: int = 0
    first_x: int = 0


@frozen
class FilterTaps:
    """Which taps of a filter are multiplied, in order."""

    first_y: int
    step_y: int
    count_y: int
    first_x: int
    step_x: int
    count_x: int


# From the largest, which read the least, to the smallest, which there are the most of.
TILED = tuple(
    Tile(*sizes)
    for sizes in (
        (128, 128, 8, 8),
        (128, 64, 8, 4),
        (64, 64, 8, 4),
        (64, 64, 4, 4),
        (128, 32, 8, 4),
        (64, 32, 4, 4),
        (32, 64, 4, 4),
        (64, 16, 4, 4),
        (32, 32, 4, 4),
        (16, 64, 4, 4),
    )
)
DIRECT = tuple(
    Tile(*sizes, local=0)
    for sizes in (
        (32, 64, 4, 8),
        (64, 32, 4, 8),
        (32, 32, 4, 4),
        (16, 64, 4, 4),
        (32, 64, 2, 8),
        (16, 32, 2, 4),
        (64, 8, 2, 4),
        (16, 32, 1, 4),
    )
)
# Lanes of 4 channels each, and slices of the depth.
DOTS = ((8, 32), (16, 16), (8, 16), (4, 32), (32, 8), (8, 8), (4, 16))


def convolved(
    g: Geometry, x: Value, weights: Weights | Value, y: Value, epilogue: Epilogue, target: Target
) -> Iterator[Launch]:
    """Yield the launches of a convolution with weights (out, height, width, in / groups)."""
    taps = FilterTaps(0, 1, g.rows.size, 0, 1, g.columns.size)
    yield from _part(g, taps, Phase(g.rows.output, g.columns.output), x, weights, y, epilogue, target)


def transposed(
    g: Geometry,
    size: tuple[int, int],
    x: Value,
    weights: Weights,
    y: Value,
    epilogue: Epilogue,
    target: Target,
) -> Iterator[Launch]:
    """Yield the launches of a transposed convolution: a convolution for each phase of the strides.

    Results that are as far apart as the stride have the same taps, those that fall on a number of x.

    :param g: of x, with the windows of the convolution that this one transposes.
    :param size: height and width of the result.
    """
    for y0 in range(min(g.rows.stride, size[0])):
        for x0 in range(min(g.columns.stride, size[1])):
            rows, *taps_y = _phase(g.rows, y0, size[0])
            columns, *taps_x = _phase(g.columns, x0, size[1])
            phase = Phase(*size, g.rows.stride, g.columns.stride, y0, x0)
            part = evolve(g, rows=rows, columns=columns)
            yield from _part(part, FilterTaps(*taps_y, *taps_x), phase, x, weights, y, epilogue, target)


def _phase(window: Window, first: int, size: int) -> tuple[Window, int, int, int]:
    """Return the window of one phase along an axis, and its taps: the first, how far apart, how many.

    y[first + stride * q] is the sum of x[q + base - j] * w[rest + stride * j] over j.
    """
    base, rest = divmod(first + window.before, window.stride)
    count = max(blocks(window.size - rest, window.stride), 0)
    output = blocks(size - first, window.stride)
    last = rest + window.stride * (count - 1)
    return Window(count, 1, 1, output, count - 1 - base, 0), last, -window.stride, count


def _part(
    g: Geometry,
    taps: FilterTaps,
    phase: Phase,
    x: Value,
    weights: Weights | Value,
    y: Value,
    epilogue: Epilogue,
    target: Target,
) -> Iterator[Launch]:
    if not g.positions * g.out_channels:
        return
    from attrs import astuple

    packed: Packed | Scratch
    nbytes = target.real_size * math.prod(_packed_shape(g))
    if isinstance(weights, Value):
        packed = scratch = Scratch(nbytes)
        yield _packing(g, weights, scratch)
    else:
        make = weights.make
        key = f"{weights.key} by depth, {g.groups} groups, {astuple(taps)}, {target.real_size} bytes each"
        packed = Packed(key, lambda: by_depth(make(), taps, g.groups, target.half), nbytes)
    product = ConvProduct(g, phase, x, packed, y)
    few = product.is_plain_product and g.positions <= _FEW
    candidates = dots(target) if few else [astuple(tile) for tile in tiles(product, target)]
    launches = _dot if few else _by_tile
    exact = x.levels is not None
    name = f"{'dot' if few else 'convolution'} {product.name}{' of integers' if exact else ''}"
    chosen = tuned(target, name, candidates, lambda c: launches(product, c, None, target), exact)
    yield from launches(product, chosen, epilogue, target)


@frozen
class ConvProduct:
    """A convolution with its weights in place: what all kernels compute alike."""

    g: Geometry
    phase: Phase
    x: Value
    weights: Packed | Scratch
    y: Value

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, depth and columns of a group."""
        return self.g.positions, self.g.taps * self.g.group_channels, self.g.out_channels // self.g.groups

    @property
    def is_plain(self) -> bool:
        """Whether the results lie as they are counted."""
        return self.phase.step_y == self.phase.step_x == 1

    @property
    def is_plain_product(self) -> bool:
        return self.is_plain and self.g.is_product

    @property
    def name(self) -> str:
        g, (rows, depth, columns) = self.g, self.shape
        strides = f"strides {g.rows.stride} {g.columns.stride}"
        return f"{rows} x {depth} x {columns}, {g.groups} groups, {g.taps} taps, {strides}"

    @property
    def sizes(self) -> tuple[np.int32, ...]:
        """The arguments of ``WINDOW_PARAMS`` after the buffers, without the last."""
        g, p, (rows, depth, columns) = self.g, self.phase, self.shape
        return int32s(
            *(rows, depth, columns, rounded_up(columns, _WIDE), g.height, g.width, g.channels),
            *(g.group_channels, g.rows.output, g.columns.output, max(g.columns.size, 1)),
            *(g.rows.stride, g.columns.stride, g.rows.dilation, g.columns.dilation),
            *(g.rows.before, g.columns.before, p.height, p.width, g.out_channels),
            *(p.step_y, p.step_x, p.first_y, p.first_x),
        )

    @property
    def flops(self) -> int:
        return 2 * math.prod(self.shape) * self.g.groups


# Which tile.


def tiles(product: ConvProduct, target: Target) -> list[Tile]:
    """Return the tiles to choose from, the best by :func:`_cost` first; some of either kind."""
    splits = _SPLITS if product.is_plain else (1,)
    cut = [evolve(tile, splits=n) for tile in TILED for n in splits]
    depth = product.shape[1]
    found = [
        tile
        for tile in (*cut, *DIRECT)
        if fits(target, tile.items, tile.local_bytes) and tile.splits <= max(depth // (2 * STEP), 1)
    ]
    found.sort(key=lambda tile: _cost(tile, product, target))
    others = [tile for tile in found if tile.local != found[0].local]
    return [*[tile for tile in found if tile.local == found[0].local][:_TRIED], *others[:_TRIED_OTHERS]]


def _cost(tile: Tile, product: ConvProduct, target: Target) -> float:
    """Return a guess at the time of a product: multiply-adds of the compute unit with the most work-groups.

    They count more where a work-item reads much for few of them, and where there are few work-items.
    """
    rows, depth, columns = product.shape
    count = blocks(rows, tile.rows) * blocks(columns, tile.columns) * product.g.groups * tile.splits
    each = blocks(count, target.units)  # work-groups of a compute unit
    sums = tile.item_rows * tile.item_columns
    speed = sums / (sums + 8) * min(1.0, each * tile.items / _BUSY)
    speed *= 1.0 if bool(tile.local) == has_fast_local_memory(target) else 0.4
    adding = _LAUNCH + _STORING * rows * columns * tile.splits / target.units if tile.splits > 1 else 0
    return each * tile.rows * tile.columns * blocks(depth, tile.splits) / speed + adding


def dots(target: Target) -> list[Candidate]:
    return [(lanes, slices) for lanes, slices in DOTS if fits(target, lanes * slices, 16 * lanes * slices)]


# Launches.


def _by_tile(
    product: ConvProduct, sizes: Candidate, epilogue: Epilogue | None, target: Target
) -> Iterator[Launch]:
    """Yield the launches of a product cut by a tile; without an epilogue, to measure them."""
    from attrs import asdict

    tile, g, (rows, depth, columns) = Tile(*sizes), product.g, product.shape
    count = blocks(rows, tile.rows) * blocks(columns, tile.columns)
    items = (count * tile.items, g.groups * tile.splits)
    defines = [(name.upper(), size) for name, size in asdict(tile).items() if name != "local"]
    if tile.splits == 1:
        yield _launch(product, _TILE_SOURCES[tile.local], items, tile.items, defines, epilogue, 0)
        return
    parts = Scratch(4 * tile.splits * rows * g.out_channels)
    steps = blocks(blocks(depth, STEP), tile.splits)
    yield _launch(product, _TILE_SOURCES[tile.local], items, tile.items, defines, None, steps, parts)
    yield _adding_up(product, parts, tile.splits, epilogue)


def _dot(
    product: ConvProduct, sizes: Candidate, epilogue: Epilogue | None, target: Target
) -> Iterator[Launch]:
    """Yield the launch of a product of few rows."""
    (lanes, slices), (rows, _, columns) = sizes, product.shape
    item_rows = next(n for n in (4, 2, 1) if n <= rows)
    groups = blocks(columns, 4 * lanes) * blocks(rows, item_rows)
    defines = [("LANES", lanes), ("SLICES", slices), ("ITEM_ROWS", item_rows)]
    yield _launch(product, "dot.cl", (groups * lanes * slices, 1), lanes * slices, defines, epilogue, 0)


def _launch(
    product: ConvProduct,
    file: str,
    items: tuple[int, int],
    group: int,
    defines: Sequence[tuple[str, object]],
    epilogue: Epilogue | None,
    steps: int,
    parts: Scratch | None = None,
) -> Launch:
    """Return the launch of one of the kernels.

    :param steps: of the depth, for each of its parts; 0 for all.
    :param parts: where sums are stored as they are; None: in ``product.y``.
    """
    g, y = product.g, product.y if parts is None else parts
    epilogue = epilogue or NO_EPILOGUE
    steps = steps or blocks(product.shape[1], STEP)
    return Launch(
        epilogue.text + cl_source("gpu/window.cl", f"gpu/{file}"),
        "convolution",
        (product.x, product.weights, y, *product.sizes, *int32s(steps), *epilogue.args),
        items,
        (group, 1),
        (*defines, *_numbers_of(g), *_storing(product, epilogue, parts), *_case(product)),
        (y,),
        product.flops,
    )


def _numbers_of(g: Geometry) -> list[tuple[str, object]]:
    """Return how numbers of x are read: four at a time where they are in fours."""
    quads = g.group_channels % 4 == 0
    listed = [("EACH", 4), ("VECTOR", "F4"), ("LOAD_VECTOR", "LOADA4"), ("QUADS", 1)]
    return listed if quads else [("EACH", 1), ("VECTOR", "F"), ("LOAD_VECTOR", "LOAD")]


def _storing(
    product: ConvProduct, epilogue: Epilogue | None, parts: Scratch | None
) -> list[tuple[str, object]]:
    """Return how the sums ``v`` for channel ``c`` are stored from element ``i`` on."""
    if parts is not None:
        return [
            ("STORED", "float"),
            ("STORE_SUM4(i, c, v)", "vstore4(v, 0, y + (i))"),
            ("STORE_SUM(i, c, v)", "y[i] = v"),
        ]
    g, whole = product.g, product.y.shape[-1:] == (product.g.out_channels,)
    return stores(whole and g.out_channels % (4 * g.groups) == 0, epilogue)


def stores(aligned: bool, epilogue: Epilogue | None) -> list[tuple[str, object]]:
    """Return the macros that store sums as real numbers.

    :param aligned: four are stored at a multiple of 4.
    """
    store4 = "STOREA4" if aligned else "STORE4"
    if epilogue is None:
        ends = [f"{store4}(y, i, TO_F4(v))", "STORE(y, i, TO_F(v))"]
    else:
        ends = [
            f"{store4}(y, PLACE(i, c), EPILOGUE4(TO_F4(v), i, c))",
            "STORE(y, PLACE(i, c), EPILOGUE(TO_F(v), i, c))",
        ]
    return [("STORED", "REAL"), ("STORE_SUM4(i, c, v)", ends[0]), ("STORE_SUM(i, c, v)", ends[1])]


def _case(product: ConvProduct) -> list[tuple[str, object]]:
    flags = {"POINTWISE": product.g.taps == 1, "PLAIN": product.is_plain}
    return [("STEP", STEP), *((name, 1) for name, is_set in flags.items() if is_set)]


def _adding_up(product: ConvProduct, parts: Scratch, splits: int, epilogue: Epilogue | None) -> Launch:
    """Return the launch that adds up what each part of the depth came to."""
    epilogue = epilogue or Epilogue(_NOTHING, ())
    channels, n = product.g.out_channels, product.g.positions * product.g.out_channels
    w = "4" if channels % 4 == 0 else ""
    width = int(w or 1)
    return Launch(
        epilogue.text + cl_source("gpu/add_up.cl"),
        "add_up",
        (parts, product.y, *int32s(n, channels), *epilogue.args),
        (rounded_up(blocks(n, width), GROUP),),
        (GROUP,),
        (
            ("SPLITS", splits),
            ("WIDTH", width),
            ("VECTOR", f"float{w}"),
            ("LOAD_VECTOR(p, i)", "vload4(0, (p) + (i))" if w else "(p)[i]"),
            ("STORE_VECTOR", f"STORE{w}"),
            ("EPILOGUE_VECTOR", f"EPILOGUE{w}"),
            ("TO_VECTOR", f"TO_F{w}"),
        ),
        (product.y,),
        n * splits,
    )


# Weights.


def by_depth(weights: np.ndarray, taps: FilterTaps, groups: int, half: bool) -> np.ndarray:
    """Return weights (out, height, width, in), or (out, in), as (group, depth, out / groups).

    Zeros make the channels whole vectors. Weights are stored as activations are: in half precision they
    take half as long to read.
    """
    images = weights.reshape(len(weights), 1, 1, -1) if weights.ndim == 2 else weights
    rows = images[:, taps.first_y :: taps.step_y][:, : taps.count_y]
    picked = rows[:, :, taps.first_x :: taps.step_x][:, :, : taps.count_x]
    channels = len(weights) // groups
    lines = picked.reshape(groups, channels, -1).transpose(0, 2, 1)
    packed = np.zeros((*lines.shape[:2], rounded_up(channels, _WIDE)), np.float16 if half else np.float32)
    packed[:, :, :channels] = lines
    return packed


def _packed_shape(g: Geometry) -> tuple[int, int, int]:
    return g.groups, g.taps * g.group_channels, rounded_up(g.out_channels // g.groups, _WIDE)


def _packing(g: Geometry, weights: Value, packed: Scratch) -> Launch:
    """Return the launch that does the work of :func:`by_depth` while the model runs."""
    groups, lines, padded = _packed_shape(g)
    n = groups * lines * padded
    sizes = int32s(n, lines, padded, g.out_channels // groups)
    items = (rounded_up(max(n, 1), GROUP),)
    return Launch(_PACK, "pack", (weights, packed, *sizes), items, (GROUP,), (), (packed,))


_PACK = """
__kernel void pack(__global const REAL* restrict x, __global REAL* restrict y, int n, int lines, int padded,
                   int channels) {
  const int i = get_global_id(0), column = i % padded, line = i / padded % lines;
  const int group = i / padded / lines;
  if (i >= n) return;
  STORE(y, i, column < channels ? LOAD(x, (group * channels + column) * lines + line) : (F)(0));
}
"""
_NOTHING = """#define EPILOGUE_PARAMS
#define PLACE(i, c) (i)
#define EPILOGUE(v, i, c) (v)
#define EPILOGUE4(v, i, c) (v)
"""
_TILE_SOURCES = ("direct.cl", "tiled.cl")
