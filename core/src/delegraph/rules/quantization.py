"""How operands are quantized: whole tensors, slices along an axis, or several of them alike."""

from __future__ import annotations

import numpy as np

from ..contract import Constraint, needs
from ..model import Op, Tensor
from .operands import given, operand, operand_shape, scales_of

_EIGHT_BIT = ("int8", "uint8")


def scaled(tensor: Tensor) -> bool:
    """Say whether a tensor has scales, all of them positive and finite."""
    scales = scales_of(tensor)
    return bool(len(scales) and np.all((scales > 0) & np.isfinite(scales)))


def axis_scales_found(tensor: Tensor) -> str | None:
    """Return in words that a tensor has several scales, or None."""
    found = len(scales_of(tensor))
    return f"{found} scales on {tensor.name!r}" if found > 1 else None


@needs("one scale and zero point on each 8-bit tensor")
def one_scale_each(op: Op) -> str | None:
    """LiteRT dies of tensors without a scale, and takes several scales for a scale of 0."""
    for tensor in (*op.inputs, *op.outputs):
        if tensor is not None and tensor.dtype in _EIGHT_BIT:
            if not scaled(tensor):
                return f"none on {tensor.name!r}"
            if found := axis_scales_found(tensor):
                return found
    return None


def same_quantization(inputs: slice = slice(None)) -> Constraint:
    """Return the constraint that inputs are stored as the outputs are: LiteRT does not rescale here."""

    @needs("inputs and outputs of one scale and zero point")
    def found(op: Op) -> str | None:
        tensors = [t for t in (*op.inputs[inputs], *op.outputs) if t is not None]
        pairs = dict.fromkeys((t.scale, t.zero_point) for t in tensors)
        return None if len(pairs) == 1 else " and ".join(f"{s:g}, {z}" for s, z in pairs)

    return found


def scales_along(axis: int, index: int = 1) -> Constraint:
    """Return the constraint that weights have one scale, or one for each slice along ``axis``.

    :param index: of the weights among the inputs
    """

    @needs(f"one scale for the weights, or one for each slice along axis {axis}")
    def fitting_scales(op: Op) -> str | None:
        weights, shape = operand(op, index), operand_shape(op, index)
        n, along = len(scales_of(weights)), weights.quantization and weights.quantization.axis
        if n == 1 or (n == shape[axis] and along == axis):
            return None
        return f"{n} scales along axis {along} of shape {shape}"

    return fitting_scales


@needs("one scale for y, or one for each column")
def scales_of_columns(op: Op) -> str | None:
    """Of a BATCH_MATMUL's second operand."""
    rank = len(operand_shape(op, 1))
    return scales_along(rank - (2 if op.options.adj_y else 1)).found(op)


@needs("weights with zero point 0")
def symmetric_weights(op: Op) -> str | None:
    q = operand(op, 1).quantization
    point = 0 if q is None else next((int(z) for z in q.zero_point if z), 0)
    return f"zero point {point}" if point else None


@needs("a bias with zero point 0")
def symmetric_bias(op: Op) -> str | None:
    bias = given(op, 2)
    return None if bias is None or not bias.zero_point else f"zero point {bias.zero_point}"


@needs("min below max, 1 to 16 bits and the whole range of them")
def proper_range(op: Op) -> str | None:
    """Of FAKE_QUANT."""
    o = op.options
    if o.narrow_range:
        return "narrow_range"
    fits = o.min < o.max and 1 <= o.num_bits <= 16
    return None if fits else f"{o.num_bits} bits from {o.min:g} to {o.max:g}"
