"""Depthwise convolutions on CPUs where each channel has one filter, line by line.

``depthwise.cl`` goes through the lines. ``depthwise_conv_2d.cl`` computes a tile of one by
multiplying number by number; ``depthwise_bytes.cl`` is another way.
"""

from __future__ import annotations

from delegraph import frozen

from ..program.geometry import Geometry
from ..program.launch import Launch, Packed, Rows, RowWindows, blocks, int32s, rounded_up
from ..program.memory import nbytes_of
from ..program.node import Value
from ..program.sources import cl_source
from ..program.target import Target
from .convolution import zeros
from .integers import SumEpilogue, outside

_LINES = 8  # work-items per core
_TILE = 4  # pixels
# Bytes under the windows of a line, and the fewest channels, that were faster than all channels at once.
_PART, _FEWEST = 80 << 10, 128
_COLUMNS = 40  # pointers of a tile to one line of an image
_TAPS = 128  # of a window, all unrolled
# How many numbers are taken at once (sums of integers have no STORE_SUM4), and what weights are.
_KINDS: dict[str, tuple[tuple[int, ...], tuple[tuple[str, object], ...]]] = {
    "real": ((16, 8, 4, 1), (("W", "float"),)),
    "int16": ((16, 8, 1), (("W", "int"), ("INTEGERS", 1))),
}


def depthwise_convolution(
    g: Geometry, x: Value, weights: Packed, y: Value, epilogue: SumEpilogue, target: Target
) -> Launch | None:
    """Return the launch of a depthwise convolution of real numbers, bytes (x is narrow) or int16.

    None where it does not suit: a channel has several filters, windows are large, or sums are wide.

    :param weights: (height, width, channels): float32, or int32 where x is int16.
    """
    if epilogue.is_wide:
        return None
    widths, defines = _KINDS[x.dtype]
    width = next(n for n in widths if n <= g.channels)
    name = ("V(name)", "name" if width == 1 else f"name##{width}")
    pixels, text = min(_TILE, g.columns.output), cl_source("cpu/depthwise_conv_2d.cl")
    arithmetic = Arithmetic(text, pixels, width, (name, *defines))
    return by_lines(g, x, weights, y, arithmetic, epilogue, target)


@frozen(hash=False)
class Arithmetic:
    """What computes a tile."""

    text: str  # OpenCL C that defines ``TILE``
    pixels: int  # neighbors in a line
    channels: int  # at once
    defines: tuple[tuple[str, object], ...]


def by_lines(
    g: Geometry, x: Value, weights: Packed, y: Value, how: Arithmetic, epilogue: SumEpilogue, target: Target
) -> Launch | None:
    """Return the launch that computes tiles of lines; None where it does not suit."""
    if g.out_channels != g.channels or g.columns.reach > _COLUMNS or g.taps > _TAPS:
        return None
    lines, width = g.batch * g.rows.output, g.columns.output

    def launch(each: int) -> Launch:
        """Return it with so many lines of the output for each work-item."""
        return Launch(
            epilogue.text + how.text + cl_source("cpu/depthwise.cl"),
            "depthwise",
            (
                x,
                weights,
                y,
                zeros(g.channels) if x.c_type == "REAL" else outside(x, g.channels),
                *int32s(lines, each, _channels_per_part(g, x, how, target)),
                *int32s(g.height, g.width, g.channels, g.rows.output, g.columns.output),
                *int32s(g.rows.stride, g.rows.dilation, g.rows.before, g.columns.before),
                *epilogue.args,
            ),
            (blocks(lines, each),),
            (1,),
            (*epilogue.defines, *how.defines, *_defines(g, x, y, how)),
            (y,),
            2 * g.positions * g.channels * g.taps,
            Rows(g.positions, width, 1, 4 * g.channels * g.taps, cut, windows=_windows(g, x)),
        )

    def cut(rows: int) -> Launch:
        return launch(rows // width)

    return launch(blocks(lines, _LINES * target.units))


def _channels_per_part(g: Geometry, x: Value, how: Arithmetic, target: Target) -> int:
    number = nbytes_of(x, target.real_size) // x.size
    most = _PART // (number * g.rows.size * g.width + 4 * g.taps)
    parts = blocks(g.channels, most) if most >= _FEWEST else 1
    return rounded_up(blocks(g.channels, parts), how.channels)


def _defines(g: Geometry, x: Value, y: Value, how: Arithmetic) -> tuple[tuple[str, object], ...]:
    return (
        ("X", x.c_type),
        ("Y", y.c_type),
        ("PIXELS", how.pixels),
        ("WIDTH", how.channels),
        ("STRIDE_X", g.columns.stride),
        ("KERNEL_Y", g.rows.size),
        ("KERNEL_X", g.columns.size),
        ("DILATION_X", g.columns.dilation),
    )


def _windows(g: Geometry, x: Value) -> RowWindows | None:
    """Return how the lines of one image are read; None for several images."""
    return RowWindows(x, g.width, g.rows.stride, g.rows.before, g.rows.reach) if g.batch == 1 else None
