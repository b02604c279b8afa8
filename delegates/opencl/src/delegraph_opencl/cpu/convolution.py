"""Convolutions and what is like them, on CPUs: panels of weights, sums in registers, scales at the end.

CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV, and DEPTHWISE_CONV_2D where a channel has several filters, are all
products of matrices: rows of numbers that lie side by side, times weights. ``conv_2d.cl`` says how;
``conv_2d_lines.cl`` does those over few channels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from delegraph import evolve, frozen

from ..program.epilogue import Epilogue
from ..program.geometry import Geometry
from ..program.launch import Arg, Launch, Packed, Rows, Spans, blocks, even_spans, int32s
from ..program.node import Scratch, Value
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import Weights
from . import bfloat16
from .tiles import Sizes, tile_sizes

_RUN = 128  # numbers: a row of a window that is not longer is read at once, however few channels it has
_TASKS = 8  # per core
_DOTS = 3  # channels, at most, of sums of numbers side by side
_TALL = 98  # rows that are many enough for tall tiles
CACHED = 32 << 10  # bytes: weights that stay in the first cache while rows go by
_LARGE = 256 << 10  # bytes: weights that are better read once than once per core


def convolved(
    g: Geometry, x: Value, weights: Weights | Value, y: Value | Scratch, epilogue: Epilogue, target: Target
) -> Iterator[Launch]:
    """Yield the launches of a convolution with weights (out, height, width, in / groups).

    :param weights: a value: they are computed while the model runs.
    :param y: scratch memory: sums are stored there as float32, without an epilogue.
    """
    if not g.positions * g.out_channels:
        return
    tile = _tile(g, target)
    by_tiles = bfloat16.tile_rows(g) if target.bfloat16 else 0
    if by_tiles and isinstance(weights, Weights) and isinstance(y, Value):
        yield _bfloat16(g, _of_height(g, by_tiles, target), x, weights, y, epilogue, target)
        return
    if isinstance(weights, Value):
        scratch = Scratch(4 * math.prod(_panels_shape(g, tile)))
        yield _packing(g, tile, weights, scratch)
        packed: Arg = scratch
    else:
        if adds_side_by_side(g):
            tile = evolve(tile, rows=_pixels(g.columns.output, 8), vectors=1, weights="dots")
        # Where each number is read once there is less to read, and little to convert.
        elif g.is_product and g.positions <= tile.rows and (target.half or target.bfloat16):
            tile = evolve(tile, weights="half" if target.half else "bfloat16")
        packed = _packed(g, tile, weights)
    launch = _by_lines if tile.run > g.group_channels else _launch
    yield launch(g, tile, x, packed, y, epilogue, target)


def adds_side_by_side(g: Geometry) -> bool:
    """Return whether constant weights of so few channels are better read as they are than in panels."""
    run = run_of(g)
    return run > g.group_channels and run % 8 == 0 and g.out_channels <= _DOTS


def _packed(g: Geometry, tile: _FloatTile, weights: Weights) -> Packed:
    """Return constant weights in panels, or for sums of numbers side by side as they are."""
    stored, make = _STORED[tile.weights], weights.make
    if tile.weights == "dots":
        nbytes = stored.nbytes * g.out_channels * g.channels * g.taps
        return Packed(f"{weights.key} as they are", lambda: np.ascontiguousarray(make()), nbytes)
    key = f"{weights.key} in panels of {tile.panel}, {g.groups} groups, {tile.weights}"
    nbytes = stored.nbytes * math.prod(_panels_shape(g, tile))
    return Packed(key, lambda: stored.convert(panels(make(), tile.panel, g.groups)), nbytes)


def _bfloat16(
    g: Geometry, tile: _FloatTile, x: Value, weights: Weights, y: Value, epilogue: Epilogue, target: Target
) -> Launch:
    """Return the launch that multiplies numbers rounded to bfloat16."""
    packed = Packed(
        f"{weights.key} as bfloat16 in tiles, {g.groups} groups",
        lambda: bfloat16.in_tiles(panels(weights.make(), bfloat16.PANEL, g.groups)),
        bfloat16.panels_bytes(g),
    )
    return _launch(g, tile, x, packed, y, epilogue, target)


def _by_lines(
    g: Geometry,
    tile: _FloatTile,
    x: Value,
    packed: Arg,
    y: Value | Scratch,
    epilogue: Epilogue,
    target: Target,
) -> Launch:
    """Return the launch that reads a row of a window at once."""
    lines = g.batch * g.rows.output
    each = blocks(lines, _TASKS * target.units)
    return Launch(
        epilogue.text + cl_source("cpu/tiles.cl", "cpu/conv_2d_lines.cl"),
        "conv_2d_lines",
        (
            x,
            packed,
            y,
            *int32s(lines, each, g.out_channels, g.height, g.width * g.channels),
            *int32s(g.rows.output, g.columns.output, g.rows.stride, g.rows.dilation),
            *int32s(g.rows.before, g.columns.before * g.channels, g.rows.size),
            *epilogue.args,
        ),
        (blocks(lines, each),),
        (1,),
        (("STEP", g.columns.stride * g.channels), ("RUN", tile.run), *_defines(g, tile, y, target)),
        (y,),
        2 * g.positions * g.out_channels * g.channels * g.taps,
    )


def _launch(
    g: Geometry,
    tile: _FloatTile,
    x: Value,
    packed: Arg,
    y: Value | Scratch,
    epilogue: Epilogue,
    target: Target,
) -> Launch:
    channels, rows = g.out_channels // g.groups, None
    if g.is_product:
        read = 4 * g.channels * g.out_channels

        def cut(each: int) -> Launch:
            return overlapped(even_spans(g.positions, each))

        def overlapped(spans: Spans) -> Launch:
            return _launch(g, _by_rows(tile, g, spans), x, packed, y, epilogue, target)

        rows = Rows(g.positions, 1, tile.rows, read, cut, follows=x, overlapped=overlapped)
    kernel = "conv_2d" if tile.multiplies == "float" else "conv_2d_bfloat16"
    return Launch(
        epilogue.text + cl_source("cpu/tiles.cl", f"cpu/{kernel}.cl"),
        kernel,
        (
            x,
            packed,
            y,
            zeros(g.group_channels),
            *int32s(g.positions, g.group_channels * g.taps, channels),
            *int32s(tile.spans.each, tile.spans.apart, tile.spans.before),
            *int32s(tile.rows_per_block, tile.channels_per_item, tile.prefetches(g)),
            *int32s(g.height, g.width, g.channels, g.group_channels),
            *int32s(g.rows.output, g.columns.output, g.out_channels, g.rows.stride, g.columns.stride),
            *int32s(g.rows.dilation, g.columns.dilation, g.rows.before, g.columns.before),
            *int32s(g.rows.size, g.columns.size, g.rows.reach, g.columns.reach),
            *epilogue.args,
        ),
        (tile.spans.items, blocks(channels, tile.channels_per_item), g.groups),
        (1, 1, 1),
        _defines(g, tile, y, target),
        (y,),
        2 * g.positions * g.out_channels * g.group_channels * g.taps,
        rows,
    )


@frozen
class _FloatTile:
    """How the work is cut."""

    rows: int  # of a tile
    vectors: int  # of 16 channels
    run: int  # numbers side by side under a tap of the kernel
    spans: Spans  # by rows
    rows_per_block: int
    channels_per_item: int
    weights: str = "float"  # how weights are stored: see ``_STORED``
    multiplies: str = "float"  # or "bfloat16": both sides are rounded

    @property
    def panel(self) -> int:
        return 16 * self.vectors

    def prefetches(self, g: Geometry) -> bool:
        """Return whether so many tiles pass by a panel that they can fetch all of the next one.

        Fetched in part, it comes later than if left to the CPU, which sees no sequence any more.
        """
        rows = self.rows_per_block if self.channels_per_item > self.panel else g.positions
        return blocks(rows, self.rows) >= 2 * self.vectors


def _tile(g: Geometry, target: Target) -> _FloatTile:
    """Return a cut with some tasks for each core: by rows, and by channels of many weights or few rows."""
    m, n, depth = g.positions, g.out_channels // g.groups, g.group_channels * g.taps
    sizes, run = tile_sizes(target.device), run_of(g)
    vectors = sizes.vectors(m, n)
    eight = sizes.eight if n <= 8 and m >= _TALL else 0
    if run == g.group_channels:
        rows = eight or _tile_rows(m, vectors, sizes)
    else:
        rows = _pixels(g.columns.output, eight or sizes.heights[0])
    count, parts, nbytes = blocks(m, rows), blocks(n, 16 * vectors), 4 * n * depth
    tiles_each, parts_each = shares(count, parts, nbytes, target)
    if nbytes > _LARGE:  # the first item of a panel fetches the next one
        tiles_each = max(tiles_each, min(count, 2 * vectors))
    block = rows if nbytes <= CACHED else tiles_each * rows
    spans = even_spans(m, tiles_each * rows)
    weights = "eight" if eight else "float"
    return _FloatTile(rows, vectors, run, spans, block, parts_each * 16 * vectors, weights)


def _of_height(g: Geometry, rows: int, target: Target) -> _FloatTile:
    """Return a cut of a product of bfloat16, with tiles of so many rows."""
    count, panel = blocks(g.positions, rows), bfloat16.PANEL
    spans = even_spans(g.positions, blocks(count, _TASKS * target.units) * rows)
    # Each work-item rounds its rows: few share them.
    parts = blocks(g.out_channels // g.groups, panel)
    parts_each = blocks(parts, blocks(_TASKS // 2 * target.units, spans.items))
    return _FloatTile(rows, 2, g.group_channels, spans, rows, parts_each * panel, multiplies="bfloat16")


@frozen(hash=False)
class _Stored:
    """How weights are stored."""

    nbytes: int  # of a number
    convert: Callable[[np.ndarray], np.ndarray]  # from float32
    defines: tuple[tuple[str, str], ...]


_STORED = {
    "float": _Stored(4, np.asarray, (("WEIGHT", "float"), ("LOAD_WEIGHTS", "LOADF16"))),
    "eight": _Stored(4, np.asarray, (("WEIGHT", "float"), ("LOAD_WEIGHTS", "LOADF8"), ("EIGHT", "1"))),
    "dots": _Stored(4, np.asarray, (("WEIGHT", "float"), ("EIGHT", "1"), ("DOTS", "1"))),
    "half": _Stored(2, lambda w: w.astype(np.float16), (("WEIGHT", "half"), ("LOAD_WEIGHTS", "LOAD16"))),
    "bfloat16": _Stored(
        2, bfloat16.rounded, (("WEIGHT", "ushort"), ("LOAD_WEIGHTS(p, i)", bfloat16.LOAD_16))
    ),
}


def _by_rows(tile: _FloatTile, g: Geometry, spans: Spans) -> _FloatTile:
    """Return a cut by rows alone."""
    block = tile.rows if 4 * g.channels * g.out_channels <= CACHED else spans.each
    return evolve(tile, spans=spans, rows_per_block=block, channels_per_item=g.out_channels)


def shares(tiles: int, parts: int, nbytes: int, target: Target) -> tuple[int, int]:
    """Return how many tiles of rows, and panels of channels, a work-item takes, of so many.

    :param nbytes: of weights. Many of them are cut by channels; and so are few rows.
    """
    tasks = _TASKS * target.units
    if nbytes <= _LARGE and tiles >= tasks:
        return blocks(tiles, tasks), parts
    parts_each = max(parts // tasks, 1)
    return blocks(tiles, min(tiles, blocks(tasks, blocks(parts, parts_each)))), parts_each


def run_of(g: Geometry) -> int:
    """Return how many numbers under a window lie side by side: a row of it, or a pixel."""
    run = g.columns.size * g.channels
    is_row = g.groups == 1 and g.columns.dilation == 1 and run <= _RUN and not g.is_product
    return run if is_row else g.group_channels


def _tile_rows(rows: int, vectors: int, sizes: Sizes) -> int:
    return sizes.tall if vectors == 1 and rows >= _TALL else sizes.rows(rows)


def _pixels(width: int, most: int) -> int:
    """Return how many neighbors in a line are a tile: what computes the fewest of them twice."""
    return min(range(min(most, width), 0, -1), key=lambda n: blocks(width, n) * (n + 1))


def _defines(
    g: Geometry, tile: _FloatTile, y: Value | Scratch, target: Target
) -> tuple[tuple[str, object], ...]:
    defines: list[tuple[str, object]] = [("ROWS", tile.rows), ("VECTORS", tile.vectors)]
    defines += [("UNROLL", next(n for n in (4, 3, 2, 1) if tile.run % n == 0))]
    defines += [("BITS", "ushort" if target.half else "float")]
    defines += _STORED[tile.weights].defines
    defines += [("STORED", "float" if isinstance(y, Scratch) else y.c_type)]
    if isinstance(y, Scratch):
        defines += [
            ("STORE_SUM(p, i, v)", "(p)[i] = (v)"),
            *((f"STORE_SUM{n}(p, i, v)", f"vstore{n}(v, 0, (p) + (i))") for n in (4, 8, 16)),
            ("PLACE(i, c)", "(i)"),
        ]
        defines += [(f"EPILOGUE{n}(v, i, c)", "(v)") for n in ("", 4, 8, 16)]
    else:
        defines += [(f"STORE_SUM{n}", f"STORE{n}") for n in ("", 4, 8, 16)]
    if tile.multiplies == "bfloat16":
        defines += bfloat16.defines(g, target.bfloat16)
    if g.is_product:
        defines.append(("POINTWISE", 1))
    channels, whole = g.out_channels // g.groups, 8 if tile.weights == "eight" else 16
    if channels < whole:
        defines.append(("FOUR" if (channels, whole) == (4, 8) else "NARROW", 1))
    return tuple(defines)


def zeros(n: int) -> Packed:
    """Return what is read where there is no image: zeros, as float32 or as float16."""
    size = max(1 << (n - 1).bit_length(), 16)
    return Packed(f"{size} zeros", lambda: np.zeros(size, np.float32))


# Panels of weights.


def first_channels(channels: int, panel: int) -> np.ndarray:
    """Return the first channel of each vector of 16: a last one that would not be whole begins earlier."""
    return np.minimum(np.arange(0, blocks(channels, panel) * panel, 16), max(channels - 16, 0))


def panels(weights: np.ndarray, panel: int, groups: int = 1) -> np.ndarray:
    """Return weights (out, …) as (group, panel, depth, channel of the panel); fewer than 16 with zeros."""
    channels = len(weights) // groups
    columns = weights.reshape(groups, channels, -1).transpose(0, 2, 1)
    if channels < 16:
        columns = np.pad(columns, ((0, 0), (0, 0), (0, 16 - channels)))
    packed = np.empty((groups, blocks(channels, panel), columns.shape[1], panel), columns.dtype)
    for i, first in enumerate(first_channels(channels, panel).tolist()):
        at, begin = divmod(16 * i, panel)
        packed[:, at, :, begin : begin + 16] = columns[:, :, first : first + 16]
    return packed


def _panels_shape(g: Geometry, tile: _FloatTile) -> tuple[int, ...]:
    channels = g.out_channels // g.groups
    return g.groups, blocks(channels, tile.panel), g.group_channels * g.taps, tile.panel


_PACK = """
__kernel void pack(__global const REAL* x, __global float* y, int channels, int depth, int panels) {
  const int panel = get_global_id(0) % panels, group = get_global_id(0) / panels;
  y += get_global_id(0) * depth * PANEL;
  for (int k = 0; k < depth; k++)
    for (int j = 0; j < PANEL; j++) {
      const int c = min(panel * PANEL + j / 16 * 16, channels > 16 ? channels - 16 : 0) + j % 16;
      y[k * PANEL + j] = c < channels ? LOAD(x, (group * channels + c) * depth + k) : 0;
    }
}
"""


def _packing(g: Geometry, tile: _FloatTile, weights: Value, packed: Scratch) -> Launch:
    """Return the launch that brings weights into panels while the model runs."""
    groups, count, depth, panel = _panels_shape(g, tile)
    args: tuple[Arg, ...] = (weights, packed, *int32s(g.out_channels // groups, depth, count))
    return Launch(_PACK, "pack", args, (groups * count,), (1,), (("PANEL", panel),), (packed,))
