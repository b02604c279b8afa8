"""Pools: what is under a window combined into one number, channel by channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport, window
from delegraph.rules import known_activation, real_windows

from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.geometry import Geometry
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node
from ..program.sources import cl_source
from ..program.target import Target
from .support_rows import float_support, same_quantization

_TASKS = 8  # per core


def pool_support(
    op: str, start: str, combined: str, shift: str, factor: str, options: Options
) -> Iterable[OpSupport]:
    """Return the support rows of a pool.

    :param start: what a window has before the first number.
    :param combined: OpenCL C of ``v``, what there is so far, and ``a``.
    :param shift: how much larger that is where each number is larger by 1, of ``n``, the numbers under the
        window.
    :param factor: what it is multiplied by in the end, of ``n``.
    """
    defines = (
        ("START", start),
        ("COMBINED(v, a)", combined),
        ("SHIFT(n)", shift),
        ("FACTOR(n)", factor),
    )
    kernel = Kernel(lambda node, target: _launches(node, target, defines), fuses=True, narrow=True)
    constraints = (known_activation, real_windows)
    return float_support(
        op,
        kernel,
        options,
        "T -> T",
        constraints=constraints,
        quantized_constraints=(same_quantization,),
        last=3,
    )


def _launches(node: Node, target: Target, defines: tuple[tuple[str, str], ...]) -> Iterator[Launch]:
    x, y, o = node.input(0), node.outputs[0], node.op.options
    batch, height, width, channels = x.shape
    rows = window(height, o.filter_height, o.stride_h, 1, o.padding)
    columns = window(width, o.filter_width, o.stride_w, 1, o.padding)
    lines, positions = batch * rows.output, batch * rows.output * columns.output
    if not positions * channels:
        return
    if target.variant == "gpu":
        from ..gpu import pool as gpu

        g = Geometry(batch, height, width, channels, rows, columns, channels)
        yield from gpu.pooled(g, defines, x, y, epilogue_of(node), target)
        return
    parts = min(blocks(channels, 16), blocks(_TASKS * target.units, lines))
    each = blocks(blocks(channels, parts), 16) * 16
    parts, epilogue = blocks(channels, each), epilogue_of(node)
    yield Launch(
        epilogue.text + cl_source("families/pool_2d.cl"),
        "pool_2d",
        (
            x,
            y,
            *int32s(parts, each, height, width, channels, rows.output, columns.output),
            *int32s(o.filter_height, o.filter_width, o.stride_h, o.stride_w, rows.before, columns.before),
            *map(np.float32, (x.low, x.scale)),
            *epilogue.args,
        ),
        (lines * parts,),
        (1,),
        (("X", x.c_type), ("Y", y.c_type), ("NARROW", int(x.narrow)), *defines, *vector_defines(channels)),
        (y,),
        positions * channels * rows.size * columns.size,
    )


def vector_defines(channels: int) -> tuple[tuple[str, object], ...]:
    """Return the macros of a kernel that takes as many channels at once as there are, 16 at most."""
    width = next(w for w in (16, 8, 4, 1) if w <= channels)
    w = "" if width == 1 else str(width)
    return (
        ("WIDTH", width),
        ("VECTOR", f"F{w}"),
        ("LOAD_VECTOR", f"LOAD{w}"),
        ("LOADF_VECTOR", f"LOADF{w}"),
        ("STORE_VECTOR", f"STORE{w}"),
        ("EPILOGUE_VECTOR", f"EPILOGUE{w}"),
    )
