"""CONV_2D with int16 x and constant int8 or int4 filters: exact sums, the rounding that the bias selects.

x: (batch, height, width, in), filters: (out, height, width, in / groups), bias: (out,).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph.rules import constant, dense
from delegraph_opencl import Kernel, Launch, Node, Target, geometry

from ..reference import conv_2d
from ._claims import as_numpy, data_of
from ._direct import direct
from ._epilogue import of_convolution
from ._panels import multiplied


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, filters, y = node.input(0), data_of(node.op, 1), node.outputs[0]
    assert filters is not None
    out, height, width, depth = filters.shape
    g = geometry(node, (height, width), out, x.shape[3] // depth)
    if not g.positions * out:
        return
    epilogue = of_convolution(node.op, filters.reshape(out, -1).T, data_of(node.op, 2), target)
    launch = direct if target.variant == "gpu" else multiplied
    yield launch(g, x, filters, y, epilogue, target, f"{node.op}: filters")


SUPPORT = as_numpy(conv_2d.SUPPORT, Kernel(_launches, pads=True), constant("weights and bias", 1, 2), dense)
