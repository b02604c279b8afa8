"""CONV_2D of 3 x 3 taps with a quarter of the multiplications, on CPUs: Winograd's F(4 x 4, 3 x 3).

4 x 4 pixels of the output are found from 6 x 6 of the image. The pixels of a line are taken for the
coefficients of a polynomial, its taps for those of another; their product is known from what both are at 6
points: 36 multiplications in place of 144, in both directions, and sums over the input channels are
products of matrices at each point. ``conv_2d_winograd.cl`` says how.

The points are 0, infinity, and plus and minus the square roots of 1/2 and of 2. With 1 and 2, as is common,
errors are four times as large; with these they are those of sums one after the other.

Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2016); Barabasz and others, Error
Analysis and Improving the Accuracy of Winograd Convolution (2020).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from delegraph import frozen

from ..program.epilogue import Epilogue
from ..program.geometry import Geometry
from ..program.launch import Launch, Packed, Passed, blocks, int32s, rounded_up
from ..program.node import Scratch, Value
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import Weights
from .convolution import panels
from .tiles import tile_sizes

_SIDE = 4  # pixels of a tile of the output
_SPAN = 6  # pixels that it sees
_POINTS = _SPAN * _SPAN
_LEAST = 16  # channels, of the image and of the output
_MOST = 4 << 20  # bytes of weights at the points, 4 times those of the model
_CACHED = 256 << 10  # bytes of a block of tiles that stay in a core's cache
_TASKS = 8  # per core
_BLOCKS = 4  # per core, at least


@frozen
class _Least:
    """From where on this is faster, by what was measured."""

    pairs: int  # of channels, one of the image and one of the output
    tiles: int
    saved: float  # times fewer multiplications: 4, less what the last tiles waste beyond the output


# By the floats of a register: AVX2, AVX-512.
_FROM = {8: _Least(pairs=256, tiles=1, saved=2.6), 16: _Least(pairs=512, tiles=4, saved=3.1)}


def suits(g: Geometry, x: Value, target: Target) -> bool:
    """Say whether this is faster, and as exact as is asked: of integers sums are."""
    windows, least = (g.rows, g.columns), _FROM.get(target.device.lanes)
    return (
        least is not None
        and all((w.size, w.stride, w.dilation) == (3, 1, 1) for w in windows)
        and g.groups == 1
        and g.channels % 8 == 0
        and min(g.channels, g.out_channels) >= _LEAST
        and g.channels * g.out_channels >= least.pairs
        and _tiles(g) >= least.tiles
        and 9 * g.positions >= least.saved * _POINTS * _tiles(g)
        and 4 * _POINTS * g.channels * g.out_channels <= _MOST
        and x.levels is None
        and not (target.half or target.bfloat16)
    )


def convolved(
    g: Geometry, x: Value, weights: Weights, y: Value, epilogue: Epilogue, target: Target
) -> Iterator[Launch]:
    """Yield the launch of a convolution with weights (out, 3, 3, in)."""
    cut, channels = _cut(g, target), blocks(g.out_channels, 16)
    each = _POINTS * cut.tiles * g.channels + max(_POINTS * cut.tiles * 16, _POINTS * g.channels)
    each = rounded_up(each, 32)
    scratch = Scratch(4 * each * max(cut.items * cut.parts, target.units))
    nbytes = 4 * channels * 16 * g.channels  # for each point or tap
    yield Launch(
        epilogue.text + cl_source("cpu/conv_2d_winograd.cl"),
        "conv_2d_winograd",
        (
            x,
            Packed(
                f"{weights.key} at points", lambda: panels(at_points(weights.make()), 16), nbytes * _POINTS
            ),
            Packed(f"{weights.key} by taps", lambda: panels(weights.make(), 16), nbytes * 9),
            y,
            scratch,
            *int32s(each, _tiles(g), cut.tiles, cut.blocks_each, channels, blocks(channels, cut.parts)),
            *int32s(*_grid(g), g.height, g.width, g.channels),
            *int32s(g.rows.output, g.columns.output, g.out_channels, g.rows.before, g.columns.before),
            *epilogue.args,
        ),
        (cut.items, cut.parts),
        (1, 1),
        (("ROWS", cut.rows), ("STORED", y.c_type)),
        (y,),
        2 * g.positions * g.out_channels * g.channels * g.taps,
        passed=(Passed(4, 4 * each, 4 * each),),
    )


def at_points(weights: np.ndarray) -> np.ndarray:
    """Return weights (out, 3, 3, in) as (out, point, in): rounded once, from float64."""
    a, b = math.sqrt(0.5), math.sqrt(2)
    finite = (0, a, -a, b, -b)
    rows = [[p**i / math.prod(p - q for q in finite if q != p) for i in range(3)] for p in finite]
    lines = np.array([*rows, [0, 0, 1]])
    found = np.einsum("pi,oijc->opjc", lines, weights.astype(np.float64))
    found = np.einsum("qj,opjc->opqc", lines, found)
    points: np.ndarray = found.reshape(len(weights), _POINTS, weights.shape[3]).astype(np.float32)
    return points


@frozen
class _Cut:
    """How the work is cut."""

    rows: int  # tiles that are multiplied at once
    tiles: int  # of a block
    blocks_each: int  # that a work-item takes
    items: int  # by tiles
    parts: int  # by channels: of few tiles


def _cut(g: Geometry, target: Target) -> _Cut:
    count, sizes = _tiles(g), tile_sizes(target.device)
    most = min(_CACHED // (4 * _POINTS * (g.channels + 16)), blocks(count, _BLOCKS * target.units))

    def of_block(rows: int) -> int:
        return max(most // rows, 1) * rows

    def cost(rows: int) -> float:
        found = blocks(count, of_block(rows))
        return rounded_up(found, min(target.units, found)) * of_block(rows) * (1 + 0.5 / rows)

    rows = min((height for height in sizes.heights if height <= count), key=cost)
    found = blocks(count, of_block(rows))
    blocks_each = blocks(found, _TASKS * target.units)
    items, channels = blocks(found, blocks_each), blocks(g.out_channels, 16)
    parts = blocks(channels, blocks(channels, blocks(target.units, items)))
    return _Cut(rows, of_block(rows), blocks_each, items, parts)


def _tiles(g: Geometry) -> int:
    return g.batch * math.prod(_grid(g))


def _grid(g: Geometry) -> tuple[int, int]:
    """Return the lines of tiles, and the tiles of a line."""
    return blocks(g.rows.output, _SIDE), blocks(g.columns.output, _SIDE)
