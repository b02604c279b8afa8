"""Depthwise convolutions of bytes on CPUs with VNNI of 512 bits: ``depthwise_bytes.cl`` says how."""

from __future__ import annotations

import numpy as np
from delegraph import frozen

from ..program.epilogue import epilogue_of
from ..program.geometry import Geometry
from ..program.launch import Launch, Packed, blocks
from ..program.node import Node
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import weights_for
from .depthwise import Arithmetic, by_lines
from .integers import Integers, byte_weights, instructions, sum_epilogue

_NUMBERS = 64  # at once
_COST = {64: 1.0, 32: 1.1, 16: 1.3}  # of reading them, by how many lie side by side
_GROUPS = (2, 1)  # vectors of a tile: those of 2 have their sums in registers
_LARGEST = 7  # lines and columns of a window, all unrolled


@frozen
class _DepthwiseTile:
    """How the work is cut."""

    channels: int  # of a vector of 64 numbers,
    groups: int  # and how many such vectors a tile has

    @property
    def units(self) -> int:
        """Pixels of a vector."""
        return _NUMBERS // self.channels


def depthwise_bytes(node: Node, g: Geometry, target: Target) -> Launch | None:
    """Return the launch of a node with a narrow input; None where it does not suit."""
    tile = _tile(g)
    if target.device.vnni < 512 or tile is None or max(g.rows.size, g.columns.size) > _LARGEST:
        return None
    x = node.input(0)
    epilogue = sum_epilogue(epilogue_of(node, weights_for(node, bias=None, axis=3)[1]))
    weights = byte_weights(node, x, axis=3)
    key = f"{weights.key} by {tile.channels} channels"
    lines = weights.heads + g.rows.size * blocks(g.columns.size, 4)
    nbytes = blocks(g.channels, tile.channels) * lines * 4 * _NUMBERS
    packed = Packed(key, lambda: _packed(weights, g, tile), nbytes)
    arithmetic = Arithmetic(
        cl_source("cpu/dots.cl", "cpu/depthwise_bytes.cl"),
        tile.units * tile.groups,
        tile.channels,
        (*instructions(target), *_defines(tile, weights)),
    )
    return by_lines(g, x, packed, node.outputs[0], arithmetic, epilogue, target)


def _tile(g: Geometry) -> _DepthwiseTile | None:
    """Return the cut that computes the least in vain; None where even the smallest is too large."""
    width, found = g.columns.output, []
    for channels, cost in _COST.items():
        for groups in _GROUPS:
            pixels = groups * _NUMBERS // channels
            if channels <= g.channels and pixels <= width:
                work = blocks(g.channels, channels) * channels * blocks(width, pixels) * (pixels + 0.5)
                found.append((work * cost, _DepthwiseTile(channels, groups)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _defines(tile: _DepthwiseTile, weights: Integers) -> tuple[tuple[str, object], ...]:
    shifted = () if weights.shifts is None else (("SHIFTED", 1),)
    return (("W", "int"), ("UNITS", tile.units), ("GROUPS", tile.groups), *shifted)


def _packed(weights: Integers, g: Geometry, tile: _DepthwiseTile) -> np.ndarray:
    """Return weights as (block of channels, line, 4, 16): int32."""
    lines = weights.with_heads(_quads(weights.make(), g))
    firsts = np.minimum(np.arange(0, g.channels, tile.channels), g.channels - tile.channels)
    vector, number = np.arange(4)[:, None], np.arange(16)
    places = 16 * (number // 4 % (tile.channels // 16)) + 4 * vector + number % 4
    return np.ascontiguousarray(lines[firsts[:, None, None] + places].transpose(0, 3, 1, 2))


def _quads(weights: np.ndarray, g: Geometry) -> np.ndarray:
    """Return the filter of each channel, four numbers of a line in an int."""
    taps = weights.reshape(g.channels, g.rows.size, g.columns.size)
    filled = np.pad(taps, ((0, 0), (0, 0), (0, -g.columns.size % 4)))
    return np.ascontiguousarray(filled).reshape(g.channels, -1).view(np.int32)
