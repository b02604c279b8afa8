"""Constant weights as kernels multiply them, and the way from their sums to real numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Tensor, frozen

from .node import Node, PostOp, Scaled, Value, along, centered


@frozen(hash=False)
class Weights:
    """Constant weights as a kernel multiplies them."""

    key: str
    make: Callable[[], np.ndarray]  # float32, in the tensor's shape


def weights_for(
    node: Node, x: int = 0, weights: int = 1, bias: int | None = 2, axis: int = 0
) -> tuple[Weights | Value, list[PostOp]]:
    """Return the weights of a node, and the post-ops from its sums to real numbers.

    Sums of a quantized input are of integers, so exact, and scaled at the end; other weights are real.

    :param x, weights, bias: numbers of the inputs; None: the sums have the bias in them.
    :param axis: of the weights, along which the output channels lie.
    """
    source, stored = node.input(x), node.input(weights)
    added = node.inputs[bias] if bias is not None and len(node.inputs) > bias else None
    if source.levels is not None:
        return _integers(node, source, stored, added, axis)
    if not stored.is_constant or not (added is None or added.is_constant):
        return _stored(stored), after_sums(node, added)
    factor, total = node.factor, _total(node, added)
    post_ops = [] if total is None else [PostOp("v + {0}", (total,))]
    if factor is None:
        return _stored(stored), post_ops
    rank = len(stored.shape)
    key = f"weights {stored.tensor.index} times a factor"
    return Weights(key, lambda: stored.data() * along(factor, axis, rank)), post_ops


def _integers(
    node: Node, x: Value, weights: Value, bias: Value | None, axis: int
) -> tuple[Weights, list[PostOp]]:
    tensor, channels = weights.tensor, weights.shape[axis]
    assert tensor.quantization is not None
    integers = Weights(f"weights {tensor.index}, integers", lambda: centered(tensor)[0])
    scales = np.broadcast_to(tensor.quantization.scale.astype(np.float64) * x.scale, (channels,))
    if node.factor is None and node.shift is None:
        added = [] if bias is None else [PostOp("v + {0}", (bias.data().reshape(-1),))]
        return integers, [*added, Scaled("v * {0}", (scales,))]
    total = np.zeros(channels) if bias is None else bias.data().reshape(-1) * scales
    if node.factor is not None:
        scales, total = scales * node.factor, total * node.factor
    if node.shift is not None:
        total = total + node.shift
    return integers, [PostOp("FMA(v, {0}, {1})", (scales, total))]


def _stored(weights: Value) -> Weights | Value:
    return Weights(f"weights {weights.tensor.index}", weights.data) if weights.is_constant else weights


def after_sums(node: Node, bias: Value | None) -> list[PostOp]:
    """Return what a bias and merged ops do to a sum, where they are not in the weights."""
    post_ops = [] if bias is None else [PostOp("v + {0}", (_by_channel(bias),))]
    post_ops += [] if node.factor is None else [PostOp("v * {0}", (node.factor,))]
    return post_ops if node.shift is None else [*post_ops, PostOp("v + {0}", (node.shift,))]


def _by_channel(bias: Value) -> Value:
    """Return a bias as a vector: files have it with axes of size 1, too."""
    return Value(bias.tensor, (bias.size,), bias.dtype, base=bias)


def _total(node: Node, bias: Value | None) -> np.ndarray | None:
    """Return what is added to sums: a constant bias and what was merged into it."""
    if bias is None:
        return node.shift
    total = bias.data().reshape(-1)
    if node.factor is not None:
        total = total * node.factor
    return total if node.shift is None else total + node.shift


def signed_bytes(weights: Tensor) -> np.ndarray:
    """Return weights as LiteRT's hybrid kernels read them, int8: uint8 holds the bits of int8."""
    assert weights.data is not None
    return weights.data.view(np.int8) if weights.dtype == "uint8" else weights.data
