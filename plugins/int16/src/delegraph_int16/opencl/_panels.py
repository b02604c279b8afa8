"""Products of int16 rows and constant int8 weights on CPUs: ``_panels.cl`` says how.

CONV_2D and FULLY_CONNECTED are products of matrices: rows of numbers that lie side by side, times weights.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from attrs import frozen
from delegraph_opencl import Geometry, Launch, Packed, Target, Value, blocks, int32s

from ._finish import Finish
from ._vectors import STORES

_RUN = 128  # numbers: a row of a window that is not longer is read at once, however few channels it has
_TASKS = 8  # per core
_SMALL = 32 << 10  # bytes: weights that stay in the first cache while rows go by
_LARGE = 256 << 10  # bytes: weights that are better read once than once per core
_BLOCK = 256  # products of 2**22 that int32 sums up for sure


def multiplied(
    g: Geometry, x: Value, weights: np.ndarray, y: Value, finish: Finish, target: Target, key: str
) -> Launch:
    """Return the launch of a convolution.

    :param weights: integers (out, height, width, in / groups)
    :param key: names the weights in the partition
    """
    tile = _tile(g, target)
    run, channels = tile.run, g.out_channels // g.groups
    by_lines = run > g.group_channels
    depth = g.group_channels * g.taps // run * tile.even_run
    packed = Packed(
        f"{key} in pairs, panels of {tile.panel}, runs of {run}", lambda: _in_pairs(weights, tile, g.groups)
    )
    return Launch(
        STORES + finish.text + _source(),
        "panels",
        (
            x,
            packed,
            y,
            _zeros(g.group_channels),
            *int32s(g.positions, depth, channels),
            *int32s(tile.rows_per_item, tile.rows_per_block, tile.channels_per_item),
            *int32s(g.height, g.width, g.channels, g.group_channels),
            *int32s(g.rows.output, g.columns.output, g.out_channels, g.rows.stride, g.columns.stride),
            *int32s(g.rows.dilation, g.columns.dilation, g.rows.before, g.columns.before),
            *int32s(g.rows.size, 1 if by_lines else g.columns.size, run, g.rows.reach, g.columns.reach),
            *finish.args,
        ),
        (blocks(g.positions, tile.rows_per_item), blocks(channels, tile.channels_per_item), g.groups),
        (1, 1, 1),
        (*finish.defines, *_defines(g, tile)),
        (y,),
        2 * g.positions * g.out_channels * g.group_channels * g.taps,
    )


@frozen
class _Tile:
    """How the work is cut."""

    rows: int  # of a tile
    vectors: int  # of 16 channels
    run: int  # numbers side by side under a tap of the kernel
    rows_per_item: int
    rows_per_block: int
    channels_per_item: int

    @property
    def panel(self) -> int:
        return 16 * self.vectors

    @property
    def even_run(self) -> int:
        return self.run + self.run % 2


def _tile(g: Geometry, target: Target) -> _Tile:
    """Return a cut with some tasks for each core: by rows, and by channels of many weights or few rows."""
    m, n, depth = g.positions, g.out_channels // g.groups, g.group_channels * g.taps
    rows, vectors, tasks = _tile_rows(m), 1 if n <= 16 else 2, _TASKS * target.units
    tiles, parts, nbytes = blocks(m, rows), blocks(n, 16 * vectors), 2 * n * depth
    if nbytes > _LARGE or tiles < tasks:
        parts_each = max(parts // tasks, 1)
        tiles_each = blocks(tiles, min(tiles, blocks(tasks, blocks(parts, parts_each))))
    else:
        parts_each, tiles_each = parts, blocks(tiles, tasks)
    block = rows if nbytes <= _SMALL else tiles_each * rows
    return _Tile(rows, vectors, _run(g), tiles_each * rows, block, parts_each * 16 * vectors)


def _run(g: Geometry) -> int:
    """Return how many numbers under a window lie side by side: a row of it, or a pixel."""
    run = g.columns.size * g.channels
    is_row = g.groups == 1 and g.columns.dilation == 1 and run <= _RUN and not g.is_product
    return run if is_row else g.group_channels


def _tile_rows(rows: int) -> int:
    """Return the rows of a tile: 7, or of few rows the height that computes the fewest of them twice."""
    if rows >= 49:
        return 7
    return min((blocks(rows, r) * (r + 0.5), -r) for r in (7, 5, 4, 1) if r <= rows)[1] * -1


def _defines(g: Geometry, tile: _Tile) -> tuple[tuple[str, object], ...]:
    pairs = tile.even_run // 2
    defines: list[tuple[str, object]] = [("ROWS", tile.rows), ("VECTORS", tile.vectors), ("BLOCK", _BLOCK)]
    defines += [("UNROLL", next(n for n in (4, 3, 2, 1) if pairs % n == 0))]
    if g.is_product:
        defines.append(("POINTWISE", 1))
    elif tile.run > g.group_channels:
        defines.append(("EDGE", blocks(tile.even_run, 16) * 16))
    if g.out_channels // g.groups < 16:
        defines.append(("NARROW", 1))
    return tuple(defines)


@cache
def _source() -> str:
    return (Path(__file__).parent / "_panels.cl").read_text()


def _zeros(n: int) -> Packed:
    """Return what is read where there is no image."""
    size = max(1 << n.bit_length(), 16)
    return Packed(f"{size} int16 zeros", lambda: np.zeros(size, np.int16))


def _in_pairs(weights: np.ndarray, tile: _Tile, groups: int) -> np.ndarray:
    """Return weights (out, …) as (group, panel, pair, channel of the panel, 2)."""
    out, channels = len(weights), len(weights) // groups
    runs = weights.reshape(out, -1, tile.run).astype(np.int16)
    pairs = np.pad(runs, ((0, 0), (0, 0), (0, tile.even_run - tile.run))).reshape(groups, channels, -1, 2)
    if channels < 16:
        pairs = np.pad(pairs, ((0, 0), (0, 16 - channels), (0, 0), (0, 0)))
    firsts = np.arange(0, blocks(channels, tile.panel) * tile.panel, 16)
    taken = pairs[:, np.minimum(firsts, max(channels - 16, 0))[:, None] + np.arange(16)]
    panels = taken.reshape(groups, -1, tile.panel, *pairs.shape[2:])  # group, panel, channel, pair, 2
    return np.ascontiguousarray(panels.transpose(0, 1, 3, 2, 4))
