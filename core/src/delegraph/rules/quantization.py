"""How operands are quantized: whole tensors, slices along an axis, or several of them alike."""

from __future__ import annotations

from math import isfinite, prod

import numpy as np

from ..contract import Constraint, needs
from ..model import DTYPES, Blocks, Op, Tensor
from ..numbers import quantize_multiplier
from ..text import shape_text
from .operands import given, operand, operand_shape, scales_of, shape_of

_EIGHT_BIT = ("int8", "uint8")


def scaled(tensor: Tensor) -> bool:
    """Say whether a tensor has scales, all of them positive and finite."""
    scales = scales_of(tensor)
    return bool(len(scales) and np.all((scales > 0) & np.isfinite(scales)))


def scales_found(tensor: Tensor) -> str:
    """Return in words how many scales a tensor has: "none", "3 scales", "blocks of 32"."""
    if (blocks := blocks_of(tensor)) is not None:
        return f"blocks of {blocks.size}" if blocks.axes is None else f"scales along axes {blocks.axes}"
    scales = scales_of(tensor)
    if len(scales) == 1:
        return "1 scale" if scaled(tensor) else f"a scale of {scales[0]:g}"
    return f"{len(scales)} scales" if len(scales) else "none"


def axis_scales_found(tensor: Tensor) -> str | None:
    """Return in words that a tensor has several scales, or None."""
    several = len(scales_of(tensor)) > 1
    return f"{scales_found(tensor)} on {tensor.name!r}" if several else None


def zero_point_found(tensor: Tensor) -> str | None:
    """Return in words that integers have a zero point other than 0, or None."""
    q = tensor.quantization
    if q is None or not DTYPES[tensor.dtype].is_integer:
        return None
    return next((f"zero point {z} on {tensor.name!r}" for z in q.zero_point if z), None)


def blocks_of(tensor: Tensor) -> Blocks | None:
    """Return how a tensor is quantized in blocks; None if it is not."""
    return None if tensor.quantization is None else tensor.quantization.blocks


def scales_of_blocks(tensor: Tensor) -> np.ndarray:
    """Return the scales of a tensor that :func:`in_blocks` lets pass: float32 (rows, ..., blocks)."""
    blocks = blocks_of(tensor)
    assert blocks is not None
    assert blocks.scales.data is not None
    *rows, depth = shape_of(tensor)
    return blocks.scales.data.astype(np.float32).reshape(*rows, depth // blocks.size)


def in_blocks(index: int = 1) -> Constraint:
    """Return the constraint that weights are quantized in blocks, of a size that the kernel finds there.

    :param index: of the weights among the inputs
    """

    @needs("weights in blocks along their last axis, with constant float16 scales and zero points of 0")
    def found_blocks(op: Op) -> str | None:
        weights = operand(op, index)
        blocks, shape = blocks_of(weights), operand_shape(op, index)
        if blocks is None or blocks.axes is not None:
            return scales_found(weights)
        if weights.sparsity is not None:
            return f"{weights.name!r} sparse"
        depth = shape[-1] if shape else 0
        if blocks.size < 1 or depth % blocks.size or not _is_last(blocks):
            size = blocks.size if blocks.shape is None else shape_text(blocks.shape)
            return f"blocks of {size} in shape {shape_text(shape)}"
        scales, points = blocks.scales, blocks.zero_points
        if scales.data is None or scales.dtype != "float16" or scales.size * blocks.size != weights.size:
            kind = "constant" if scales.is_constant else "computed"
            found = f"{scales.size} {kind} scales of {scales.dtype}"
            return f"{found} for blocks of {blocks.size} in {shape_text(shape)}"
        if points is None or (points.data is not None and not points.data.any()):
            return None
        return f"zero points in {points.name!r}"

    return found_blocks


def _is_last(blocks: Blocks) -> bool:
    """Say whether blocks lie along the last axis alone."""
    return blocks.shape is None or (prod(blocks.shape) == blocks.size == blocks.shape[-1])


@needs("one scale and zero point on each 8-bit tensor")
def one_scale_each(op: Op) -> str | None:
    """LiteRT dies of tensors without a scale, and takes several scales for a scale of 0."""
    for tensor in (*op.inputs, *op.outputs):
        if tensor is not None and tensor.dtype in _EIGHT_BIT:
            if not scaled(tensor):
                return f"{scales_found(tensor)} on {tensor.name!r}"
            if found := axis_scales_found(tensor):
                return found
    return None


def same_quantization(inputs: slice = slice(None)) -> Constraint:
    """Return the constraint that integers are stored as the outputs are: LiteRT does not rescale here.

    What a file says of the quantization of floats does not count.
    """

    @needs("inputs and outputs of one scale and zero point")
    def found(op: Op) -> str | None:
        tensors = (t for t in (*op.inputs[inputs], *op.outputs) if t is not None)
        kinds = dict.fromkeys(parameters_of(t) for t in tensors if DTYPES[t.dtype].is_integer)
        return None if len(kinds) < 2 else " and ".join(kinds)

    return found


def parameters_of(tensor: Tensor) -> str:
    """Return a tensor's quantization in words that two tensors share if it is the same."""
    if len(scales_of(tensor)) < 2:
        return f"{tensor.scale:g}, {tensor.zero_point}"
    q = tensor.quantization
    assert q is not None
    return f"{scales_found(tensor)} {q.scale.tolist()}, {q.zero_point.tolist()} along axis {q.axis}"


def output_steps(steps: int, tolerance: float = 0.0, **zero_points: int) -> Constraint:
    """Return the constraint that an output has the quantization of LiteRT's kernel for its type.

    The kernel gives these numbers whatever the file says, or refuses to give others.

    :param steps: the scale is ``1 / steps``
    :param tolerance: relative, of the scale
    :param zero_points: by type; a type that is not among them may have any
    """
    points = ", ".join(f"{point} ({dtype})" for dtype, point in zero_points.items())

    @needs(f"an output scale of 1 / {steps}" + (f" and zero point {points}" if points else ""))
    def fixed_output(op: Op) -> str | None:
        out = op.outputs[0]
        fits = abs(out.scale * steps - 1) <= tolerance
        fits = fits and out.zero_point == zero_points.get(out.dtype, out.zero_point)
        return axis_scales_found(out) if fits else f"{out.scale:g}, {out.zero_point}"

    return fixed_output


@needs("no more than one scale on each integer tensor")
def one_scale_at_most(op: Op) -> str | None:
    """Of ops that compare, choose or average stored values, which have to be of one unit."""
    for t in (*op.inputs, *op.outputs):
        if t is not None and DTYPES[t.dtype].is_integer and (found := axis_scales_found(t)):
            return found
    return None


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
        if blocks_of(weights) is not None:
            return f"{scales_found(weights)} on {weights.name!r}"
        return f"{n} scales along axis {along} of shape {shape_text(shape)}"

    return fitting_scales


@needs("a scale for each channel of the filters")
def scale_per_channel(op: Op) -> str | None:
    """Of DEPTHWISE_CONV_2D of floats: LiteRT reads so many scales, however many there are."""
    found, channels = len(scales_of(operand(op, 1))), operand_shape(op, 1)[3]
    return scales_along(3).found(op) if found == channels else f"{found} scales, {channels} channels"


@needs(
    "one scale for the weights, one for each slice along axis 0, or constant float16 ones for blocks along"
    " the last axis"
)
def scales_of_units_or_blocks(op: Op) -> str | None:
    return (scales_along(0) if blocks_of(operand(op, 1)) is None else in_blocks()).found(op)


@needs("one scale for y, or one for each column")
def scales_of_columns(op: Op) -> str | None:
    """Of a BATCH_MATMUL's second operand."""
    rank = len(operand_shape(op, 1))
    return scales_along(rank - (2 if op.options.adj_y else 1)).found(op)


@needs("weights with zero point 0")
def symmetric_weights(op: Op) -> str | None:
    return zero_point_found(operand(op, 1))


@needs("weights with zero point 0 where they have several scales")
def symmetric_channels(op: Op) -> str | None:
    weights = operand(op, 1)
    return zero_point_found(weights) if len(scales_of(weights)) > 1 else None


@needs("a bias with zero point 0")
def symmetric_bias(op: Op) -> str | None:
    bias = given(op, 2)
    return None if bias is None else zero_point_found(bias)


@needs("min below max, 1 to 16 bits and the whole range of them")
def proper_range(op: Op) -> str | None:
    """Of FAKE_QUANT."""
    o = op.options
    if o.narrow_range:
        return "narrow_range"
    fits = o.min < o.max and 1 <= o.num_bits <= 16
    return None if fits else f"{o.num_bits} bits from {o.min:g} to {o.max:g}"


@needs("an input scale below 2**24, and an output scale of at least 1 / 128 of it")
def hard_swish_scales(op: Op) -> str | None:
    """Beyond them LiteRT shifts the gate by more bits than it has, or refuses to shift the output left."""
    scale, out = operand(op, 0).scale, op.outputs[0].scale
    with np.errstate(all="ignore"):
        factor = float(np.float32(scale) * np.float32(1 / 128) / np.float32(out))
    fits = scale < 2**24 and isfinite(factor) and quantize_multiplier(factor)[1] <= 0
    return None if fits else f"{scale:.3g} -> {out:.3g}"


@needs("beta times the input scale above 2**-26")
def softmax_scale(op: Op) -> str | None:
    """LiteRT dies below it (QuantizeMultiplierGreaterThanOne)."""
    step = float(np.float32(op.options.get("beta", 1.0))) * operand(op, 0).scale
    return None if step * 2.0**26 > 1 else f"{step:.3g}"
