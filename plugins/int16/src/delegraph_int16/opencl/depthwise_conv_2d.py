"""DEPTHWISE_CONV_2D with int16 x and constant int8 or int4 filters: each channel under filters of its own.

x: (batch, height, width, in), filters: (1, height, width, out), bias: (out,). out is a multiple of in, and
the filters of an input channel are neighbors.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
from delegraph_opencl import Geometry, Kernel, Launch, Node, Packed, Target, Value, blocks, geometry, int32s

from ..reference import depthwise_conv_2d
from ._claims import as_numpy, constants, data_of, dense
from ._direct import direct
from ._finish import Finish, of_convolution
from ._vectors import STORES, vector_defines

_TASKS = 8  # work-items per core
_COLUMNS = 40  # pointers of a tile to one line of an image: what is longer is left to ``_direct.cl``
_TAPS = 128


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, filters, y = node.inputs[0], data_of(node.op, 1), node.outputs[0]
    assert x is not None
    assert filters is not None
    _, height, width, out = filters.shape
    g = geometry(node, (height, width), out, x.shape[3])
    if not g.positions * out:
        return
    finish = of_convolution(node.op, filters.reshape(-1, out), data_of(node.op, 2), target)
    own = out == x.shape[3] and g.columns.reach <= _COLUMNS and g.taps <= _TAPS and not finish.wide
    key = f"{node.op}: filters"
    if own and target.variant == "cpu":
        yield _launch(g, x, filters, y, finish, target, key)
    else:
        yield direct(g, x, filters.transpose(3, 1, 2, 0), y, finish, target, key)


def _launch(
    g: Geometry, x: Value, filters: np.ndarray, y: Value, finish: Finish, target: Target, key: str
) -> Launch:
    lines, width = g.batch * g.rows.output, next(n for n in (16, 8, 1) if n <= g.channels)
    per_item, size = blocks(lines, _TASKS * target.units), max(g.channels, 16)
    return Launch(
        STORES + finish.text + _source(),
        "depthwise",
        (
            x,
            Packed(f"{key} as int32", lambda: filters.astype(np.int32)),
            y,
            Packed(f"{size} int16 zeros", lambda: np.zeros(size, np.int16)),
            *int32s(lines, per_item, g.height, g.width, g.channels, g.rows.output, g.columns.output),
            *int32s(g.rows.stride, g.rows.dilation, g.rows.before, g.columns.before),
            *finish.args,
        ),
        (blocks(lines, per_item),),
        (1,),
        (
            ("PIXELS", min(4, g.columns.output)),
            ("STRIDE_X", g.columns.stride),
            ("KERNEL_Y", g.rows.size),
            ("KERNEL_X", g.columns.size),
            ("DILATION_X", g.columns.dilation),
            *vector_defines(width),
        ),
        (y,),
        2 * g.positions * g.channels * g.taps,
    )


@cache
def _source() -> str:
    return (Path(__file__).parent / "_depthwise.cl").read_text()


SUPPORT = as_numpy(depthwise_conv_2d.SUPPORT, Kernel(_launches, pads=True), constants(1, 2), dense)
