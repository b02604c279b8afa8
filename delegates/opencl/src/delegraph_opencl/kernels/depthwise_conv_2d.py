"""DEPTHWISE_CONV_2D: each channel of an image under filters of its own.

x: (batch, height, width, in), filters: (1, height, width, out), bias: (out,). out is a multiple of in, and
the filters of an input channel are neighbors.

Source: tflite/delegates/gpu/common/model_builder.cc (DepthwiseConvolutionOperationParser);
tflite/kernels/depthwise_conv.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport, evolve
from delegraph.rules import (
    bias_along,
    bounded_padding,
    constant,
    real_windows,
    scale_per_channel,
    true_multiplier,
    whole_multiple,
)

from ..cpu import integers
from ..cpu.convolution import convolved
from ..cpu.depthwise import depthwise_convolution
from ..cpu.depthwise_bytes import depthwise_bytes
from ..families.hybrid import operands
from ..families.weighted_ops import any_activation, finite_weights, nonempty, weighted_support
from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.geometry import Geometry, geometry
from ..program.launch import Launch, Packed
from ..program.node import Kernel, Node, PostOp, Value
from ..program.target import Target
from ..program.weights import Weights, weights_for


def support(options: Options) -> Iterable[OpSupport]:
    constraints = (
        any_activation,
        real_windows,
        bounded_padding,
        nonempty(0, 1),
        whole_multiple,
        finite_weights,
        constant("weights", 1),
    )
    kernel = Kernel(_launches, fuses=True, pads=True, folds=True, narrow=True)
    return weighted_support(
        "DEPTHWISE_CONV_2D",
        kernel,
        options,
        (*constraints, bias_along(3)),
        first=2,
        last=7,
        axis=3,
        integers="int8|int4|int2",
        hybrid=[scale_per_channel, true_multiplier],
    )


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, filters = node.input(0), node.input(1)
    _, height, width, out = filters.shape
    g = geometry(node, (height, width), out, x.shape[3])
    if not g.positions:
        return
    if x.narrow:
        yield from _of_bytes(node, x, g, target)
        return
    o = operands(node, target, x.shape[0], asymmetric=True, axis=3)
    yield from o.launches
    x, weights = o.x, o.weights
    assert isinstance(weights, Weights)
    epilogue, y = epilogue_of(node, o.post_ops), node.outputs[0]
    if target.variant == "gpu":
        from ..gpu import depthwise as gpu

        yield from gpu.depthwise(g, x, weights, y, epilogue, target)
        return
    packed, sums = _as_they_are(weights, g), integers.sum_epilogue(epilogue)
    launch = depthwise_convolution(g, x, packed, y, sums, target)
    by_channel = evolve(weights, key=f"{weights.key} by channel", make=lambda: _by_channel(weights))
    yield from [launch] if launch else convolved(g, x, by_channel, y, epilogue, target)


def _of_bytes(node: Node, x: Value, g: Geometry, target: Target) -> Iterator[Launch]:
    """Yield the launches of a node with a narrow input."""
    launch = depthwise_bytes(node, g, target) or _one_by_one(node, x, g, target)
    yield from [launch] if launch else integers.convolved(node, g, target, axis=3)


def _one_by_one(node: Node, x: Value, g: Geometry, target: Target) -> Launch | None:
    """Return the launch that multiplies bytes as real numbers; None where it does not suit."""
    weights, post_ops = weights_for(node, axis=3)
    assert isinstance(weights, Weights)
    epilogue = integers.sum_epilogue(epilogue_of(node, [*_from_zero(x, weights), *post_ops]))
    packed = _as_they_are(weights, g)
    return depthwise_convolution(g, x, packed, node.outputs[0], epilogue, target)


def _from_zero(x: Value, weights: Weights) -> list[PostOp]:
    """Return what takes sums of a narrow input, counted from its lowest number, to those of its numbers."""
    if not x.low:
        return []
    return [PostOp("v + {0}", (weights.make().sum(axis=(0, 1, 2)) * x.low,))]


def _as_they_are(weights: Weights, g: Geometry) -> Packed:
    return Packed(weights.key, weights.make, 4 * g.taps * g.out_channels)


def _by_channel(weights: Weights) -> np.ndarray:
    """Return the filters as those of a CONV_2D with a group for each channel: (out, height, width, 1)."""
    return np.asarray(weights.make().transpose(3, 1, 2, 0))
