"""How weights, their bias and the values they multiply fit each other."""

from __future__ import annotations

from math import inf

from ..contract import Constraint, needs
from ..model import DTYPES, Op
from ..text import shape_text
from .operands import given, operand, operand_shape, scales_of


@needs("channels in whole groups")
def whole_groups(op: Op) -> str | None:
    """Of CONV_2D: x (batch, height, width, channels), filters (out, height, width, depth)."""
    channels, (out, *_, depth) = operand_shape(op, 0)[-1], operand_shape(op, 1)
    if depth and channels % depth == 0 and channels and out % (channels // depth) == 0:
        return None
    return f"{channels} channels and {out} filters of depth {depth}"


@needs("filters (1, height, width, out), out a multiple of the channels")
def whole_multiple(op: Op) -> str | None:
    """Of DEPTHWISE_CONV_2D."""
    channels, filters = operand_shape(op, 0)[3], operand_shape(op, 1)
    fits = filters[0] == 1 and channels and not filters[3] % channels
    return None if fits else f"{shape_text(filters)} for {channels} channels"


@needs("the option depth_multiplier to be what the shapes say")
def true_multiplier(op: Op) -> str | None:
    """Of DEPTHWISE_CONV_2D of floats with integer filters: LiteRT believes the option."""
    said, found = op.options.depth_multiplier, operand_shape(op, 1)[3] // operand_shape(op, 0)[3]
    return None if said == found else f"{said} for {found}"


@needs("as many input channels as the weights have")
def same_channels(op: Op) -> str | None:
    """Of TRANSPOSE_CONV: weights (out, height, width, in) are input 1, x is input 2."""
    weights, x = operand_shape(op, 1), operand_shape(op, 2)
    return None if x[3] == weights[3] else f"{x[3]} channels, weights {shape_text(weights)}"


def bias_along(axis: int, index: int = 2, weights: int = 1) -> Constraint:
    """Return the constraint that the bias has a value for each slice of the weights along ``axis``.

    :param index: of the bias among the inputs
    :param weights: index of the weights
    """

    @needs(f"one value of the bias for each slice of the weights along axis {axis}")
    def fitting_bias_length(op: Op) -> str | None:
        bias, shape = given(op, index), operand_shape(op, weights)
        if bias is None or bias.size == shape[axis]:
            return None
        return f"a bias of shape {shape_text(bias.shape)}, weights {shape_text(shape)}"

    return fitting_bias_length


def fitting_bias_scale(x: int = 0, weights: int = 1, bias: int = 2) -> Constraint:
    """Return the constraint that an integer bias has the unit of the sums, if the weights have one scale.

    LiteRT checks it so in its older kernels.

    :param x, weights, bias: indices of the inputs
    """

    @needs("a bias scale within 0.02 output steps of input scale times weight scale, if that is one")
    def found(op: Op) -> str | None:
        added, w = given(op, bias), operand(op, weights)
        if added is None or not DTYPES[added.dtype].is_integer or len(scales_of(w)) > 1:
            return None
        product = operand(op, x).scale * w.scale
        off = abs(product - added.scale) / (op.outputs[0].scale or inf)
        return None if off <= 0.02 else f"{added.scale:.6g}, for {product:.6g}: {off:.3g} steps off"

    return found


@needs("an image, channels and a filter that are not empty")
def filled(op: Op) -> str | None:
    x, weights = operand_shape(op, 0), operand_shape(op, 1)
    return f"shapes {shape_text(x)} and {shape_text(weights)}" if 0 in (*x[1:], *weights[1:]) else None


@needs("operands of rank 2 to 5")
def matrices(op: Op) -> str | None:
    ranks = [len(operand_shape(op, i)) for i in (0, 1)]
    return None if all(2 <= rank <= 5 for rank in ranks) else f"ranks {ranks[0]} and {ranks[1]}"
