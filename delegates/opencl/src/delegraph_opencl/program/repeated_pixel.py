"""A pointwise convolution of channels side by side, some of which repeat one pixel: it is multiplied once.

As where DeepLab v3 concatenates the mean of an image, resized to all of it, with what each pixel tells.
What the pixel alone gives is the bias of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import Tensor, evolve

from .epilogue import ends_finite
from .node import Node, Value
from .uses import Uses

_REPEATING = ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "BROADCAST_TO", "TILE")


def multiply_once(uses: Uses, first: Node, second: Node) -> Sequence[Node]:
    """Let what repeats a pixel become the convolution of it alone, and the rest have that for a bias."""
    if not _joins_channels(first) or not _is_pointwise(second) or second.inputs[0] is not first.outputs[0]:
        return ()
    channel = 0
    for part in map(first.input, range(len(first.inputs))):
        end, repeating = channel + part.shape[-1], _repeating(uses, part, first)
        if repeating is not None and _has_bias_before(uses, second, repeating):
            return _split(uses, repeating, first, second, slice(channel, end))
        channel = end
    return ()


def _repeating(uses: Uses, value: Value, reader: Node) -> Node | None:
    """Return the node that stores a pixel many times for one reader alone; None if a value is no such."""
    node = uses.producer(value)
    is_own = node is not None and uses.only_reader(value) is reader
    return node if node is not None and is_own and _repeats_pixel(uses, node) else None


def _has_bias_before(uses: Uses, node: Node, other: Node) -> bool:
    """Say whether the bias of a node, of another pixel maybe, is there when the other one runs."""
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    maker = None if bias is None else uses.producer(bias.root)
    return maker is None or uses.position(maker) < uses.position(other)


def _joins_channels(node: Node) -> bool:
    out = node.outputs[0]
    is_real = out.dtype == "real" and out.levels is None
    joins = node.op.name == "CONCATENATION" and not node.epilogue and len(out.shape) == 4
    return joins and is_real and node.op.options.axis % 4 == 3 and len(node.inputs) > 1


def _is_pointwise(node: Node) -> bool:
    if node.op.name != "CONV_2D" or node.pads is not None or node.result.levels is not None:
        return False
    filters, o = node.input(1), node.op.options
    is_real = (
        filters.is_constant and filters.base is None and filters.tensor.dtype in ("float32", "float16")
    )
    whole = filters.shape[1:] == (1, 1, node.input(0).shape[-1]) and (o.stride_h, o.stride_w) == (1, 1)
    return is_real and whole and node.factor is None and node.shift is None


def _repeats_pixel(uses: Uses, node: Node) -> bool:
    """Say whether a node stores one pixel, the only one of its input, many times."""
    if node.op.name not in _REPEATING or node.epilogue or node.place is not None:
        return False
    pixel, out = node.input(0), node.outputs[0]
    if pixel.is_constant or pixel.shape != (1, 1, 1, *out.shape[3:]) or pixel.size == out.size:
        return False
    if node.op.name != "RESIZE_BILINEAR":
        return True
    maker = uses.producer(pixel)  # mixed with itself, what is infinite may become NaN
    return maker is not None and ends_finite(maker)


def _split(uses: Uses, repeating: Node, first: Node, second: Node, channels: slice) -> Sequence[Node]:
    filters, bias = second.input(1), second.inputs[2] if len(second.inputs) > 2 else None
    there = np.zeros(filters.shape[-1], bool)
    there[channels] = True
    # Numbers that no tensor of the file has: they name what is made of the weights.
    alone, others = (
        _picked(filters, picked, -2 * repeating.op.index - n) for n, picked in ((1, there), (2, ~there))
    )
    result = second.result.tensor
    sums = _real(result, (1, 1, 1, filters.shape[0]))
    options = second.op.options.replace(fused_activation_function="NONE")
    repeating.merged.append(repeating.op)
    repeating.op, repeating.kernel = evolve(second.op, options=options), second.kernel
    repeating.inputs, repeating.outputs, repeating.result = [repeating.inputs[0], alone, bias], [sums], sums
    rest = _without(uses, first, channels)
    if rest is not first.outputs[0]:
        second.merged.append(first.op)
        uses.remove(first)
    second.inputs = [rest, others, sums]
    return [n for n in (repeating, first, second) if uses.has(n)]


def _without(uses: Uses, node: Node, channels: slice) -> Value:
    """Take channels out of what a CONCATENATION stores; return what is left: one of its inputs, maybe."""
    ends = np.cumsum([node.input(i).shape[-1] for i in range(len(node.inputs))]).tolist()
    del node.inputs[ends.index(channels.stop)]
    if len(node.inputs) == 1:
        return node.input(0)
    out = node.outputs[0]
    left = out.shape[-1] - (channels.stop - channels.start)
    node.outputs = [_real(out.tensor, (*out.shape[:-1], left))]
    node.result = node.outputs[0]
    return node.result


def _picked(filters: Value, channels: np.ndarray, index: int) -> Value:
    """Return filters of some of the input channels."""
    tensor, shape = filters.tensor, (*filters.shape[:-1], int(channels.sum()))

    def values() -> np.ndarray:
        assert tensor.data is not None
        found: np.ndarray = tensor.data.reshape(filters.shape)[..., channels]
        return found

    return _real(evolve(tensor, index=index, data=values), shape)


def _real(tensor: Tensor, shape: tuple[int, ...]) -> Value:
    return Value(evolve(tensor, shape=shape), shape, "real")
