"""Axes, places and sizes in constant operands: what can be known before a run is refused before it.

What a model computes while it runs is not looked at here: a delegate says for itself what it does then.
"""

from __future__ import annotations

import numpy as np

from ..contract import Constraint, needs
from ..model import Op
from ..numbers import window
from ..text import shape_text
from .operands import given, operand_shape


def constant_ints(op: Op, index: int) -> tuple[int, ...] | None:
    """Return the values of an operand of integers, flat; None where they are computed or left out."""
    tensor = given(op, index)
    if tensor is None or tensor.data is None:
        return None
    return tuple(int(v) for v in np.asarray(tensor.data).reshape(-1))


def one_value(index: int, what: str) -> Constraint:
    """Return the constraint that an operand is a single value."""

    @needs(f"one value as {what}")
    def found(op: Op) -> str | None:
        shape = operand_shape(op, index)
        return None if np.prod(shape, dtype=np.int64) == 1 else f"shape {shape_text(shape)}"

    return found


def axes_inside(index: int, of: int = 0) -> Constraint:
    """Return the constraint that constant axes are those of a tensor, counted from either end.

    :param of: number of the input whose axes they are
    """

    @needs("axes from -rank to rank - 1, where they are constant")
    def found(op: Op) -> str | None:
        rank = len(operand_shape(op, of))
        wrong = [a for a in constant_ints(op, index) or () if not -rank <= a < rank]
        return f"axis {wrong[0]} for rank {rank}" if wrong else None

    return found


@needs("indices inside of their axis, where they are constant")
def indices_inside(op: Op) -> str | None:
    """Of GATHER."""
    shape, axis = operand_shape(op, 0), op.options.axis
    return _outside(constant_ints(op, 1), shape[axis])


@needs("indices inside of their axes, where they are constant")
def tuples_inside(op: Op) -> str | None:
    """Of GATHER_ND."""
    values, shape, depth = constant_ints(op, 1), operand_shape(op, 0), operand_shape(op, 1)[-1]
    wrong = (_outside(values and values[i::depth], shape[i]) for i in range(depth))
    return next((text for text in wrong if text), None)


@needs("rows inside of the table, where they are constant")
def rows_inside(op: Op) -> str | None:
    """Of EMBEDDING_LOOKUP."""
    return _outside(constant_ints(op, 0), operand_shape(op, 1)[0])


def something_to_pick(index: int) -> Constraint:
    """Return the constraint that an operand of which values are picked has some."""

    @needs("a tensor with values to pick from")
    def found(op: Op) -> str | None:
        shape, out = operand_shape(op, index), op.outputs[0].shape
        return f"shape {shape_text(shape)}" if 0 in shape and (out is None or 0 not in out) else None

    return found


def _outside(indices: tuple[int, ...] | None, size: int) -> str | None:
    """Return in words the first index that is none of an axis; None where there is none."""
    wrong = [i for i in indices or () if not 0 <= i < size]
    return f"index {wrong[0]} for an axis of {size}" if wrong else None


@needs("paddings from 0 to what there is to mirror")
def reflected_inside(op: Op) -> str | None:
    """Of MIRROR_PAD: REFLECT leaves the edge itself out, and no value is mirrored twice."""
    shape, paddings = operand_shape(op, 0), constant_ints(op, 1) or ()
    edge = 1 if op.options.mode == "REFLECT" else 0
    for axis, size in enumerate(shape):
        pair = paddings[2 * axis : 2 * axis + 2]
        if any(pair) and not 0 <= min(pair) <= max(pair) <= size - edge:
            return f"{pair} for an axis of {size}"
    return None


@needs("a block of at least 1 and two edges of at least 0 for each of some axes behind the batch")
def blocks_and_edges(op: Op) -> str | None:
    """Of SPACE_TO_BATCH_ND, whose edges are paddings, and BATCH_TO_SPACE_ND, whose edges are crops."""
    blocks, edges = constant_ints(op, 1) or (), constant_ints(op, 2) or ()
    fit = len(edges) == 2 * len(blocks) and len(blocks) < len(operand_shape(op, 0))
    if fit and min(blocks, default=1) >= 1 and min(edges, default=0) >= 0:
        return None
    return f"blocks {blocks} and edges {edges} for shape {shape_text(operand_shape(op, 0))}"


@needs("a height and a width of at least 1")
def some_size(op: Op) -> str | None:
    """Of RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""
    size = constant_ints(op, 1)
    return None if size is None or (len(size) == 2 and min(size) >= 1) else f"{size}"


@needs("an output (batch, height, width, out) over which the weights, strided, make the input")
def whole_output(op: Op) -> str | None:
    """Of TRANSPOSE_CONV: input 0 is a vector, its shape; weights are input 1, x is input 2."""
    size, out = operand_shape(op, 0), op.outputs[0].shape
    if size != (4,) or out is None:  # None: known only while running
        return None if size == (4,) else f"an output shape of shape {shape_text(size)}"
    weights, x = operand_shape(op, 1), operand_shape(op, 2)
    fits = len(out) == len(weights) == len(x) == 4 and (out[0], out[3]) == (x[0], weights[0])
    if fits and _strided(op, out, weights) == x[1:3]:
        return None
    return f"{shape_text(out)} for an input {shape_text(x)} and weights {shape_text(weights)}"


def _strided(op: Op, out: tuple[int, ...], weights: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the size of a convolution of an output; None where there is none."""
    o = op.options
    if min(o.stride_h, o.stride_w) < 1:
        return None
    rows = window(out[1], weights[1], o.stride_h, 1, o.padding)
    columns = window(out[2], weights[2], o.stride_w, 1, o.padding)
    return rows.output, columns.output
