"""DEPTHWISE_CONV_2D with int16 x and constant int8 or int4 filters: each channel under filters of its own.

x: (batch, height, width, in), filters: (1, height, width, out), bias: (out,). out is a multiple of in, and
the filters of an input channel are neighbors.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph.rules import constant, dense
from delegraph_opencl import Kernel, Launch, Node, Packed, Target, depthwise_convolution, geometry

from ..reference import depthwise_conv_2d
from ._claims import as_numpy, data_of
from ._direct import direct
from ._epilogue import of_convolution


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, filters, y = node.input(0), data_of(node.op, 1), node.outputs[0]
    assert filters is not None
    _, height, width, out = filters.shape
    g = geometry(node, (height, width), out, x.shape[3])
    if not g.positions * out:
        return
    epilogue = of_convolution(node.op, filters.reshape(-1, out), data_of(node.op, 2), target)
    key, launch = f"{node.op}: filters", None
    if target.variant == "cpu":
        packed = Packed(f"{key} as int32", lambda: filters.astype(np.int32), 4 * filters.size)
        launch = depthwise_convolution(g, x, packed, y, epilogue, target)
    yield launch or direct(g, x, filters.transpose(3, 1, 2, 0), y, epilogue, target, key)


SUPPORT = as_numpy(
    depthwise_conv_2d.SUPPORT, Kernel(_launches, pads=True), constant("weights and bias", 1, 2), dense
)
