"""DEPTHWISE_CONV_2D: each channel of an image under filters of its own.

x: (batch, height, width, in), filters: (1, height, width, out), bias: (out,). out is a multiple of in, and
the filters of an input channel are neighbors.

Source: tflite/delegates/gpu/common/model_builder.cc (DepthwiseConvolutionOperationParser);
tflite/kernels/depthwise_conv.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from attrs import evolve
from delegraph import Op, OpSupport, needs

from ..convolution import Geometry, Weights, convolved, geometry, weights_for, zeros
from ..epilogue import Epilogue, finish
from ..gpu import depthwise as gpu
from ..launch import Launch, Packed, Rows, blocks, int32s
from ..node import Kernel, Node, Value
from ..options import Options
from ..target import Target
from ._pool import vector_defines
from ._weighted import (
    any_activation,
    bias_along,
    constant,
    nonempty,
    real_windows,
    shape_of,
    weighted_rows,
)

_LINES = 8  # work-items per core
_COLUMNS = 40  # pointers of a tile to one line of an image: what is longer is left to CONV_2D's kernel
_TAPS = 128


def support(options: Options) -> Iterable[OpSupport]:
    where = (any_activation, real_windows, nonempty(0, 1), whole_multiple, constant(1, "weights"))
    kernel = Kernel(_launches, fuses=True, pads=True, folds=True)
    return weighted_rows(
        "DEPTHWISE_CONV_2D", kernel, options, (*where, bias_along(1, 2, 3)), first=2, last=7, axis=3
    )


@needs("filters (1, height, width, out), out a multiple of the channels")
def whole_multiple(op: Op) -> str | None:
    channels, filters = shape_of(op, 0)[3], shape_of(op, 1)
    return None if filters[0] == 1 and not filters[3] % channels else f"{filters} for {channels} channels"


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, filters = node.inputs[:2]
    assert x is not None
    assert filters is not None
    _, height, width, out = filters.shape
    weights, steps = weights_for(node, axis=3)
    assert isinstance(weights, Weights)
    epilogue = finish(node, steps)
    g = geometry(node, (height, width), out, x.shape[3])
    if not g.positions:
        return
    if target.variant == "gpu":
        yield from gpu.depthwise(g, x, weights, node.outputs[0], epilogue, target)
    elif out == x.shape[3] and g.columns.reach <= _COLUMNS and g.taps <= _TAPS:
        lines = blocks(g.batch * g.rows.output, _LINES * target.units)
        yield _launch(g, x, weights, node.outputs[0], epilogue, lines)
    else:
        by_channel = evolve(weights, key=f"{weights.key} by channel", make=lambda: _by_channel(weights))
        yield from convolved(g, x, by_channel, node.outputs[0], epilogue, target)


def _by_channel(weights: Weights) -> np.ndarray:
    """Return the filters as those of a CONV_2D with a group for each channel: (out, height, width, 1)."""
    return np.asarray(weights.make().transpose(3, 1, 2, 0))


def _launch(g: Geometry, x: Value, weights: Weights, y: Value, epilogue: Epilogue, per_item: int) -> Launch:
    """Return the launch with so many lines of the output for each work-item."""
    lines, width = g.batch * g.rows.output, g.columns.output
    args = (
        x,
        Packed(weights.key, weights.make),
        y,
        zeros(g.channels),
        *int32s(lines, per_item, g.height, g.width, g.channels, g.rows.output, g.columns.output),
        *int32s(g.rows.stride, g.rows.dilation, g.rows.before, g.columns.before),
        *epilogue.args,
    )

    def cut(each: int) -> Launch:
        return _launch(g, x, weights, y, epilogue, each // width)

    return Launch(
        epilogue.text + _source(),
        "depthwise_conv_2d",
        args,
        (blocks(lines, per_item),),
        (1,),
        tuple(_defines(g)),
        (y,),
        2 * g.positions * g.channels * g.taps,
        Rows(g.positions, width, 1, 4 * g.channels * g.taps, cut),
    )


def _defines(g: Geometry) -> Iterator[tuple[str, object]]:
    yield "PIXELS", min(4, g.columns.output)
    yield "STRIDE_X", g.columns.stride
    yield "KERNEL_Y", g.rows.size
    yield "KERNEL_X", g.columns.size
    yield "DILATION_X", g.columns.dilation
    yield from vector_defines(g.channels)


@cache
def _source() -> str:
    return (Path(__file__).parent / "depthwise_conv_2d.cl").read_text()
