"""CONV_2D: filters that see all channels of an image, or of a group of them.

x: (batch, height, width, in), filters: (out, height, width, in / groups), bias: (out,).

Source: tflite/delegates/gpu/common/model_builder.cc (Conv2DOperationParser); tflite/kernels/conv.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..convolution import convolved, geometry, weights_for
from ..epilogue import finish
from ..gpu import convolution as gpu
from ..launch import Launch
from ..node import Kernel, Node
from ..options import Options
from ..target import Target
from ._weighted import any_activation, bias_along, nonempty, real_windows, weighted_rows, whole_groups


def support(options: Options) -> Iterable[OpSupport]:
    where = (any_activation, real_windows, nonempty(0, 1), whole_groups, bias_along(1, 2, 0))
    return weighted_rows(
        "CONV_2D", Kernel(_launches, fuses=True, pads=True, folds=True), options, where, last=8
    )


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, filters = node.inputs[:2]
    assert x is not None
    assert filters is not None
    out, height, width, depth = filters.shape
    weights, steps = weights_for(node)
    g = geometry(node, (height, width), out, x.shape[3] // depth)
    launches = gpu.convolved if target.variant == "gpu" else convolved
    yield from launches(g, x, weights, node.outputs[0], finish(node, steps), target)
