"""CONV_2D: filters that see all channels of an image, or of a group of them.

x: (batch, height, width, in), filters: (out, height, width, in / groups), bias: (out,).

Source: tflite/delegates/gpu/common/model_builder.cc (Conv2DOperationParser); tflite/kernels/conv.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import bias_along, bounded_padding, real_windows, whole_groups

from ..cpu import integers, winograd
from ..cpu.convolution import adds_side_by_side, convolved
from ..families.hybrid import has_many_scales, operands
from ..families.weighted_ops import any_activation, finite_weights, nonempty, weighted_support
from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.geometry import geometry
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target
from ..program.weights import Weights


def support(options: Options) -> Iterable[OpSupport]:
    constraints = (
        any_activation,
        real_windows,
        bounded_padding,
        nonempty(0, 1),
        whole_groups,
        finite_weights,
        bias_along(0),
    )
    return weighted_support(
        "CONV_2D",
        Kernel(_launches, fuses=True, pads=True, folds=True, narrow=True),
        options,
        constraints,
        last=8,
    )


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, filters = node.input(0), node.input(1)
    out, height, width, depth = filters.shape
    groups = x.shape[3] // depth
    g = geometry(node, (height, width), out, groups)
    if x.narrow:
        yield from integers.convolved(node, g, target)
        return
    asymmetric = groups > 1 or has_many_scales(filters.tensor)
    # Bytes have panels only, which 3 channels fill to a fifth; floats take four times the memory, and hold
    # sums of so many products.
    is_exact = g.taps * g.group_channels * 127**2 < 1 << 24
    as_bytes = not (is_exact and adds_side_by_side(g) and g.taps > 3 * g.out_channels)
    o = operands(node, target, x.shape[0], asymmetric, scales_apart=asymmetric, as_bytes=as_bytes)
    yield from o.launches
    y, epilogue = node.outputs[0], epilogue_of(node, o.post_ops)
    if target.variant == "gpu":
        from ..gpu import convolution as gpu

        yield from gpu.convolved(g, o.x, o.weights, y, epilogue, target)
    elif o.x.narrow:
        stored = integers.hybrid_weights(node.input(1).tensor, o.x)
        yield integers.integer_convolution(g, o.x, stored, y, integers.sum_epilogue(epilogue), target)
    elif isinstance(o.weights, Weights) and winograd.suits(g, o.x, target):
        yield from winograd.convolved(g, o.x, o.weights, y, epilogue, target)
    else:
        yield from convolved(g, o.x, o.weights, y, epilogue, target)
