"""Convolutions of int16 with constant weights, as they are defined: ``_direct.cl`` says how."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from delegraph_opencl import Geometry, Launch, Packed, SumEpilogue, Target, Value, blocks, int32s

from ._vectors import spread, vector_defines

_TASKS = 8  # per core


def direct(
    g: Geometry,
    x: Value,
    weights: np.ndarray,
    y: Value,
    epilogue: SumEpilogue,
    target: Target,
    key: str,
    transposed: bool = False,
) -> Launch:
    """Return the launch of a convolution.

    :param weights: integers (out, height, width, in / groups)
    :param key: names the weights in the partition
    :param transposed: the windows are those of the input pixels over the output
    """
    group_out = g.out_channels // g.groups
    width = 1 if target.variant == "gpu" else next(n for n in (16, 8, 1) if n <= group_out)
    across, out_rows, out_columns = blocks(group_out, width) * g.groups, *_outputs(g, y, transposed)
    pixels = g.batch * out_rows * out_columns
    each = 1 if target.variant == "gpu" else blocks(pixels * across, _TASKS * target.units * across)
    items, local = spread(blocks(pixels, each) * across, target)
    stored = "short" if weights.dtype == np.int16 else "char"
    return Launch(
        epilogue.text + _source(),
        "direct",
        (
            x,
            Packed(
                f"{key}, channels last",
                lambda: np.ascontiguousarray(weights.transpose(1, 2, 3, 0)),
                weights.nbytes,
            ),
            y,
            *int32s(blocks(pixels, each) * across, each, pixels),
            *int32s(g.height, g.width, g.channels, g.group_channels),
            *int32s(out_rows, out_columns, g.out_channels, group_out),
            *int32s(g.rows.stride, g.columns.stride, g.rows.dilation, g.columns.dilation),
            *int32s(g.rows.before, g.columns.before, g.rows.size, g.columns.size),
            *epilogue.args,
        ),
        items,
        local,
        (
            *epilogue.defines,
            ("WEIGHT", stored),
            *vector_defines(width, epilogue.is_wide),
            *((("TRANSPOSED", 1),) if transposed else ()),
        ),
        (y,),
        2 * g.positions * g.out_channels * g.group_channels * g.taps,
    )


def _outputs(g: Geometry, y: Value, transposed: bool) -> tuple[int, int]:
    return (y.shape[1], y.shape[2]) if transposed else (g.rows.output, g.columns.output)


@cache
def _source() -> str:
    return (Path(__file__).parent / "_direct.cl").read_text()
