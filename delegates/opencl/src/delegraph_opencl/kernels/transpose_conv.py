"""TRANSPOSE_CONV: each input pixel spreads filters over the output.

shape: (4,), that of the output; filters: (out, height, width, in), x: (batch, height, width, in), bias:
(out,).

All pixels are multiplied with all filters first, as in a CONV_2D of 1 x 1; then each output pixel adds up
what falls on it.

Source: tflite/delegates/gpu/common/model_builder.cc (TransposeConvBuiltinOperationParser);
tflite/kernels/transpose_conv.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from delegraph import Op, OpSupport, Window, needs, window
from delegraph.rules import bias_along, constant, real_windows, same_channels, whole_output

from ..cpu.convolution import convolved
from ..families.hybrid import operands
from ..families.pool import vector_defines
from ..families.weighted_ops import any_activation, finite_weights, nonempty, weighted_support
from ..options import Options
from ..program.epilogue import NO_EPILOGUE, Epilogue, epilogue_of
from ..program.geometry import Geometry, product
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node, PostOp, Scratch, Value
from ..program.sources import cl_source
from ..program.target import Target
from ..program.weights import Weights

_TASKS = 8  # per core
_PHASES = 1 << 10  # each a launch of its own on a GPU


def support(options: Options) -> Iterable[OpSupport]:
    constraints = (
        any_activation,
        real_windows,
        few_phases,
        same_channels,
        nonempty(1, 2),
        whole_output,
        finite_weights,
        constant("weights", 1),
    )
    return weighted_support(
        "TRANSPOSE_CONV",
        Kernel(_launches, fuses=True, folds=True),
        options,
        (*constraints, bias_along(0, 3)),
        types="int32 {1} {0} {2}? -> {0}",
        last=5,
        x=2,
        bias=3,
    )


@needs(f"strides whose product is at most {_PHASES:,}")
def few_phases(op: Op) -> str | None:
    return too_many_phases(op.options.stride_h, op.options.stride_w)


def too_many_phases(down: int, across: int) -> str | None:
    """Return the strides if they have more phases than launches are made for."""
    return f"{down} and {across}" if down * across > _PHASES else None


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    filters, x = node.input(1), node.input(2)
    found = operands(node, target, x.shape[0], asymmetric=True, from_zero=True, x=2, weights=1, bias=3)
    weights = found.weights
    assert isinstance(weights, Weights)
    yield from found.launches
    o, (_, height, width, _), shape = node.op.options, filters.shape, node.result.shape
    rows = window(shape[1], height, o.stride_h, 1, o.padding)
    columns = window(shape[2], width, o.stride_w, 1, o.padding)
    yield from transposed(node, found.x, filters, weights, found.post_ops, rows, columns, target)


def transposed(
    node: Node,
    x: Value,
    filters: Value,
    weights: Weights,
    post_ops: Sequence[PostOp],
    rows: Window,
    columns: Window,
    target: Target,
) -> Iterator[Launch]:
    """Yield the launches of a transposed convolution.

    :param rows, columns: the filter laid over the output; window i is what input i spreads over.
    """
    out, height, width, depth = filters.shape
    epilogue, shape = epilogue_of(node, post_ops), node.result.shape
    if not node.result.size:
        return
    if target.variant == "gpu":
        from ..gpu import convolution as gpu

        batch, x_height, x_width, _ = x.shape
        g, size = Geometry(batch, x_height, x_width, depth, rows, columns, out), (shape[1], shape[2])
        yield from gpu.transposed(g, size, x, weights, node.outputs[0], epilogue, target)
        return
    pixels = x.size // depth
    spread = Scratch(4 * pixels * height * width * out)
    by_tap = Weights(f"{weights.key} by tap", lambda: _by_tap(weights.make()))
    g = product(pixels, depth, height * width * out)
    yield from convolved(g, x, by_tap, spread, NO_EPILOGUE, target)
    yield _gathering(node, x, spread, rows, columns, epilogue, target)


def _by_tap(filters: np.ndarray) -> np.ndarray:
    """Return filters (out, height, width, in) as (height * width * out, in)."""
    return np.asarray(filters.transpose(1, 2, 0, 3).reshape(-1, filters.shape[3]))


def _gathering(
    node: Node, x: Value, spread: Scratch, rows: Window, columns: Window, epilogue: Epilogue, target: Target
) -> Launch:
    batch, out_height, out_width, channels = node.result.shape
    lines = batch * out_height
    each = blocks(lines, _TASKS * target.units)
    args = (
        spread,
        node.outputs[0],
        *int32s(each, lines, *x.shape[1:3], channels, out_height, out_width),
        *int32s(rows.before, columns.before),
        *epilogue.args,
    )
    taps = (("KERNEL_Y", rows.size), ("KERNEL_X", columns.size))
    strides = (("STRIDE_Y", rows.stride), ("STRIDE_X", columns.stride))
    defines = (*taps, *strides, *vector_defines(channels))
    y, added = node.outputs[0], node.result.size * rows.size * columns.size
    source = epilogue.text + cl_source("kernels/transpose_conv.cl")
    return Launch(source, "transpose_conv", args, (blocks(lines, each),), (1,), defines, (y,), added)
