"""TRANSPOSE_CONV with int16 x and constant int8 weights: each pixel spreads filters over the output.

shape: (4,), of the output; filters: (out, height, width, in), x: (batch, height, width, in), bias: (out,).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, Window, window
from delegraph.rules import constant, dense, whole_output
from delegraph_opencl import Geometry, Kernel, Launch, Node, Target

from ..reference import transpose_conv
from ._claims import as_numpy, data_of, reordered
from ._direct import direct
from ._epilogue import of_convolution


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    op, x, filters, y = node.op, node.input(2), data_of(node.op, 1), node.outputs[0]
    assert filters is not None
    if not y.size:
        return
    out, convolution = len(filters), reordered(op, (2, 1, 3))
    epilogue = of_convolution(convolution, filters.reshape(out, -1).T, data_of(op, 3), target)
    batch, height, columns, depth = x.shape
    g = Geometry(batch, height, columns, depth, *_windows(op), out)
    yield direct(g, x, filters, y, epilogue, target, f"{op}: filters", transposed=True)


def _windows(op: Op) -> tuple[Window, Window]:
    """Return the windows of the input's pixels over the output: rows and columns."""
    filters, out, o = op.inputs[1], op.outputs[0], op.options
    assert filters is not None
    assert filters.shape is not None
    assert out.shape is not None
    sizes = zip(out.shape[1:3], filters.shape[1:3], (o.stride_h, o.stride_w), strict=True)
    rows, columns = (window(n, size, stride, 1, o.padding) for n, size, stride in sizes)
    return rows, columns


_CONSTRAINTS = (constant("weights and bias", 1, 3), dense, whole_output)
SUPPORT = as_numpy(transpose_conv.SUPPORT, Kernel(_launches), *_CONSTRAINTS)
