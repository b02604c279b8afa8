"""Products of integers, exact, on CPUs: rows of bytes, or of int16, times constant weights.

CONV_2D, FULLY_CONNECTED and what is like them, as in :mod:`delegraph_opencl.cpu.convolution`, where values
are narrow (see :mod:`delegraph_opencl.program.narrow`) or int16. ``integers.cl`` says how.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from delegraph import Tensor, evolve, frozen

from ..program.epilogue import Epilogue, epilogue_of
from ..program.geometry import Geometry
from ..program.launch import Arg, Launch, Packed, Rows, blocks, int32s, rounded_up
from ..program.node import Node, Value, centered
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import signed_bytes, weights_for
from .convolution import CACHED, panels, run_of, shares
from .tiles import LARGE, Sizes, tile_sizes

_BLOCK = 256  # products of 2**22 that int32 sums up for sure
_TILES = 16  # of a block of rows whose totals are kept
_BYTE = (-128, 127)
_SPARE = 64  # bytes that are read at once


@frozen(hash=False)
class SumEpilogue:
    """An epilogue of sums that stores them: OpenCL C to put before the kernel's source, and arguments.

    It defines ``STORE_SUM(i, c, sum)``, ``STORE_SUM8`` and ``STORE_SUM16``, which store sums of as many
    channels from ``c`` on in ``y``, from its element ``i`` on. Sums are int, or long; those of a depthwise
    convolution of real numbers are real, and there may be four of them (``STORE_SUM4``).
    """

    text: str
    params: str  # of the kernel, for ``args``; a comma before each
    args: tuple[Arg, ...]
    is_wide: bool = False  # sums may need 64 bits

    @property
    def defines(self) -> tuple[tuple[str, object], ...]:
        names = [declared.split()[-1] for declared in self.params.split(",")[1:]]
        passed = "".join(f", {name}" for name in names)
        wide = (("WIDE", 1),) if self.is_wide else ()
        return (("SUM_PARAMS", self.params), ("SUM_ARGS", passed), *wide)


@frozen(hash=False)
class Integers:
    """Constant weights: (out, height * width * in / groups)."""

    key: str  # names them in the partition
    make: Callable[[], np.ndarray]  # numbers of 8 bits: int8, or int16 where they multiply int16
    first: Callable[[], np.ndarray] | None = None  # int32 (out,): what sums begin with
    shifts: np.ndarray | None = None  # int32 (out,): what is missing from all weights of a channel

    @property
    def heads(self) -> int:
        """Numbers of a channel besides weights."""
        return 1 if self.shifts is None else 2

    def with_heads(self, lines: np.ndarray) -> np.ndarray:
        """Return weights, int32 (out, n), with those numbers before them."""
        first = np.zeros(len(lines), np.int32) if self.first is None else self.first()
        heads = [first] if self.shifts is None else [first, self.shifts]
        return np.concatenate([np.stack(heads, axis=1), lines], axis=1, dtype=np.int32)


def convolved(node: Node, g: Geometry, target: Target, axis: int = 0) -> Iterator[Launch]:
    """Yield the launch of a node with a narrow input and constant weights.

    :param axis: of the weights, along which the output channels lie.
    """
    x = node.input(0)
    if not g.positions * g.out_channels:
        return
    _, post_ops = weights_for(node, bias=None, axis=axis)
    epilogue = sum_epilogue(epilogue_of(node, post_ops))
    yield integer_convolution(g, x, byte_weights(node, x, axis), node.outputs[0], epilogue, target)


def byte_weights(node: Node, x: Value, axis: int) -> Integers:
    """Return weights as bytes, and what else there is in the sums."""
    weights = node.input(1)
    tensor = weights.tensor
    shifts = _shifts(tensor, axis)

    def integers() -> np.ndarray:
        return _rows(centered(tensor)[0], axis).astype(np.int32)

    def first() -> np.ndarray:
        # v = u + low: sum(v * w) = sum(u * w) + low * sum(w). It wraps, as TFLite's sums do.
        return np.asarray(x.low * integers().sum(axis=1, dtype=np.int64) + _bias(node)).astype(np.int32)

    def make() -> np.ndarray:
        missing = 0 if shifts is None else shifts[:, None]
        return np.asarray(integers() - missing, np.int8)

    return Integers(f"{node.op}: weights as bytes", make, first, shifts)


def hybrid_weights(weights: Tensor, x: Value) -> Integers:
    """Return the weights, output channels first, that multiply rows rounded to bytes."""

    def make() -> np.ndarray:
        return _rows(signed_bytes(weights), 0)

    def first() -> np.ndarray:
        return np.asarray(x.low * make().sum(axis=1, dtype=np.int64)).astype(np.int32)

    return Integers(f"weights {weights.index}, signed bytes", make, first)


def _shifts(weights: Tensor, axis: int) -> np.ndarray | None:
    """Return what to take from the weights of each channel so that a byte holds them; None for nothing."""
    q, stored = weights.quantization, weights.data
    assert q is not None
    assert stored is not None
    if stored.dtype == np.int8 and not q.zero_point.any():
        return None
    rows = _rows(stored, axis)
    lowest, highest = rows.min(axis=1) - q.zero_point, rows.max(axis=1) - q.zero_point
    shifts = np.maximum(highest - _BYTE[1], 0) + np.minimum(lowest - _BYTE[0], 0)
    return shifts.astype(np.int32) if shifts.any() else None


def _rows(weights: np.ndarray, axis: int) -> np.ndarray:
    """Return weights as (out, all others)."""
    return np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)


def _bias(node: Node) -> np.ndarray | int:
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    return 0 if bias is None else bias.data().reshape(-1).astype(np.int64)


def sum_epilogue(epilogue: Epilogue) -> SumEpilogue:
    """Return the epilogue that stores what ``EPILOGUE`` makes of sums."""
    stores = [
        f"#define STORE_SUM{w}(i, c, sum) STORE{w}(y, PLACE(i, c), EPILOGUE{w}(TO_F{w}(sum), i, c))\n"
        for w in ("", 4, 8, 16)
    ]
    return SumEpilogue(epilogue.text + "".join(stores), epilogue.params, epilogue.args)


# Launches.


def integer_convolution(
    g: Geometry, x: Value, weights: Integers, y: Value, epilogue: SumEpilogue, target: Target
) -> Launch:
    """Return the launch of a convolution of bytes (x is narrow) or of int16."""
    return _launch(g, _tile(g, x, weights, target), x, weights, y, epilogue, target)


def _launch(
    g: Geometry,
    tile: _IntegerTile,
    x: Value,
    weights: Integers,
    y: Value,
    epilogue: SumEpilogue,
    target: Target,
) -> Launch:
    channels, run = g.out_channels // g.groups, tile.run
    by_lines = run > g.group_channels
    lines = tile.heads + g.group_channels * g.taps // run * tile.steps
    key = f"{weights.key} in panels of {tile.panel}, runs of {run}, {g.groups} groups"
    rows, nbytes = None, 4 * lines * channels
    whole = g.groups * rounded_up(channels, tile.panel)
    if g.is_product:

        def cut(each: int) -> Launch:
            whole = evolve(tile, channels_per_item=channels)
            return _launch(g, _by_rows(whole, each, nbytes), x, weights, y, epilogue, target)

        rows = Rows(g.positions, 1, tile.rows, nbytes, cut, follows=x)
    return Launch(
        epilogue.text + cl_source("cpu/dots.cl", "cpu/tiles.cl", "cpu/integers.cl"),
        "integers",
        (
            x,
            Packed(key, lambda: _packed(weights, g, tile), 4 * lines * whole),
            y,
            outside(x, g.group_channels),
            *int32s(g.positions, lines, channels),
            *int32s(tile.rows_per_item, tile.rows_per_block, tile.channels_per_item),
            *int32s(g.height, g.width, g.channels, g.group_channels),
            *int32s(g.rows.output, g.columns.output, g.out_channels, g.rows.stride, g.columns.stride),
            *int32s(g.rows.dilation, g.columns.dilation, g.rows.before, g.columns.before),
            *int32s(g.rows.size, 1 if by_lines else g.columns.size, run, g.rows.reach, g.columns.reach),
            *epilogue.args,
        ),
        (
            blocks(g.positions, tile.rows_per_item),
            blocks(channels, tile.channels_per_item),
            g.groups,
        ),
        (1, 1, 1),
        (*instructions(target), *epilogue.defines, *_defines(g, tile, x, y)),
        (y,),
        2 * g.positions * g.out_channels * g.group_channels * g.taps,
        rows,
    )


def instructions(target: Target) -> tuple[tuple[str, object], ...]:
    """Return the define that says which instructions to use besides those that the driver compiles for."""
    bits = target.device.vnni
    return (("VNNI", bits),) if bits else ()


@frozen
class _IntegerTile:
    """How the work is cut."""

    step: int  # numbers of a row that are multiplied at once
    rows: int  # of a tile
    vectors: int  # of 16 channels
    run: int  # numbers side by side under a tap of the kernel
    heads: int  # lines of a panel before its weights
    rows_per_item: int
    rows_per_block: int
    channels_per_item: int

    @property
    def panel(self) -> int:
        return 16 * self.vectors

    @property
    def steps(self) -> int:
        """Lines of a panel under a tap."""
        return blocks(self.run, self.step)


def _tile(g: Geometry, x: Value, weights: Integers, target: Target) -> _IntegerTile:
    """Return a cut with some tasks for each core: by rows, and by channels of many weights or few rows."""
    m, n, depth = g.positions, g.out_channels // g.groups, g.group_channels * g.taps
    step = 4 if x.narrow else 2
    sizes = _sizes(x, target)
    rows, vectors = sizes.rows(m), sizes.vectors(m, n)
    count, parts, nbytes = blocks(m, rows), blocks(n, 16 * vectors), 4 // step * n * depth
    tiles_each, parts_each = shares(count, parts, nbytes, target)
    tile = _IntegerTile(step, rows, vectors, run_of(g), weights.heads, 0, 0, parts_each * 16 * vectors)
    return _by_rows(tile, tiles_each * rows, nbytes)


def _by_rows(tile: _IntegerTile, each: int, nbytes: int) -> _IntegerTile:
    """Return a cut with so many rows for each work-item."""
    block = tile.rows if nbytes <= CACHED else each
    if tile.heads > 1:
        block = min(block, _TILES * tile.rows)
    return evolve(tile, rows_per_item=each, rows_per_block=block)


def _sizes(x: Value, target: Target) -> Sizes:
    """Return the tiles that suit a device and numbers like those of ``x``.

    AVX2 without VNNI has to split bytes before it multiplies them. A larger tile does so less often, which
    was worth more than sums in registers.
    """
    splits = x.narrow and target.device.vnni != 256
    return LARGE if splits else tile_sizes(target.device)


def _defines(g: Geometry, tile: _IntegerTile, x: Value, y: Value) -> Iterator[tuple[str, object]]:
    yield from (("NUMBER", x.c_type), ("STORED", y.c_type), ("STEP", tile.step))
    yield from (("ROWS", tile.rows), ("VECTORS", tile.vectors))
    yield "UNROLL", next(n for n in (4, 3, 2, 1) if tile.steps % n == 0)
    yield from (("BLOCK", _BLOCK), ("TILES", _TILES))
    if g.is_product:
        yield "POINTWISE", 1
    elif tile.run > g.group_channels:
        yield "EDGE", tile.run + _SPARE
    if tile.heads > 1:
        yield "SHIFTED", 1
    if g.out_channels // g.groups < 16:
        yield "FEW", g.out_channels // g.groups


def outside(x: Value, channels: int) -> Packed:
    """Return what is read where there is no image: numbers that stand for 0."""
    size = rounded_up(channels + _SPARE, 16)
    number = (np.uint8 if x.narrow else np.int16)(-x.low)
    return Packed(f"{size} times {number} of {number.dtype}", lambda: np.full(size, number))


def _packed(weights: Integers, g: Geometry, tile: _IntegerTile) -> np.ndarray:
    """Return weights as (group, panel, line, channel of the panel): int32."""
    integers = weights.make()
    runs = integers.reshape(g.out_channels, -1, tile.run)
    filled = np.pad(runs, ((0, 0), (0, 0), (0, tile.steps * tile.step - tile.run)))
    lines = np.ascontiguousarray(filled).reshape(g.out_channels, -1).view(np.int32)
    return panels(weights.with_heads(lines), tile.panel, g.groups)
