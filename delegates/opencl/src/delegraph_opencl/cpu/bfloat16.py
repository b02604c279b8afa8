"""Convolutions of float32 numbers as products of bfloat16, on CPUs that have instructions for them.

``conv_2d_bfloat16.cl`` says how. Half as many bytes are read, and AMX multiplies sixteen times as
many numbers as a multiply-add does.
"""

from __future__ import annotations

import numpy as np

from ..program.geometry import Geometry
from ..program.launch import blocks

PANEL = 32  # channels
_STEP = 32  # numbers along the depth
_HEIGHTS = (32, 16)  # rows of a tile
_ROOM = (1024, 8192)  # numbers along the depth: a program for each
# The upper half of a float32 is a bfloat16. PoCL's convert is a call, and its vload one for each number.
LOAD_16 = "as_float16(__builtin_convertvector(*(__global const ushort16*)((p) + (i)), uint16) << 16)"
_NUMBERS = 16  # a vector
_DEEP = 64  # numbers along the depth: of fewer the products take less time than to round and to store


def tile_rows(g: Geometry) -> int:
    """Return the rows of a tile of bfloat16; 0 where a convolution does not suit."""
    depth, least = g.group_channels * g.taps, min(g.group_channels, g.out_channels // g.groups)
    if least < _NUMBERS or not _DEEP <= depth <= _ROOM[-1]:
        return 0
    return next((height for height in _HEIGHTS if height <= g.positions), 0)


def defines(g: Geometry, instructions: str) -> tuple[tuple[str, object], ...]:
    most = next(room for room in _ROOM if g.group_channels * g.taps <= room)
    return (("MOST", most), *((("AMX", 1),) if instructions == "amx" else ()))


def panels_bytes(g: Geometry) -> int:
    """Return the bytes of weights in the order of AMX's tiles."""
    steps = blocks(g.group_channels * g.taps, _STEP)
    return 2 * g.groups * blocks(g.out_channels // g.groups, PANEL) * steps * _STEP * PANEL


def in_tiles(panels: np.ndarray) -> np.ndarray:
    """Return panels (group, panel, depth, channel) in the order of AMX's tiles, as bfloat16."""
    groups, count, depth, _ = panels.shape
    filled = np.pad(panels, ((0, 0), (0, 0), (0, -depth % _STEP), (0, 0)))
    pairs = rounded(filled).reshape(groups, count, -1, _STEP // 2, 2, 2, 16)
    return np.ascontiguousarray(pairs.transpose(0, 1, 2, 5, 3, 6, 4))


def rounded(numbers: np.ndarray) -> np.ndarray:
    """Return the bits of the nearest bfloat16 of float32 numbers, ties to even, as uint16."""
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    nearest = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(numbers), bits >> 16 | 0x40, nearest).astype(np.uint16)
