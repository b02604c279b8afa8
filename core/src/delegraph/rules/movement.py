"""Shapes of ops that move, pick or join values."""

from __future__ import annotations

import numpy as np

from ..contract import needs
from ..model import Op
from ..text import shape_text
from .operands import operand_shape, shape_of


@needs("4 axes and channels that blocks divide")
def channels_of_blocks(op: Op) -> str | None:
    """Of DEPTH_TO_SPACE."""
    shape, block = operand_shape(op, 0), op.options.block_size
    fits = len(shape) == 4 and block > 0 and shape[3] % (block * block) == 0
    return None if fits else f"shape {shape_text(shape)} and block {block}"


@needs("4 axes and an image that blocks divide")
def image_of_blocks(op: Op) -> str | None:
    """Of SPACE_TO_DEPTH."""
    shape, block = operand_shape(op, 0), op.options.block_size
    fits = len(shape) == 4 and block > 0 and shape[1] % block == 0 == shape[2] % block
    return None if fits else f"shape {shape_text(shape)} and block {block}"


@needs("a vector of row numbers and a table of at least 2 axes")
def rows_of_table(op: Op) -> str | None:
    """Of EMBEDDING_LOOKUP."""
    rows, table = operand_shape(op, 0), operand_shape(op, 1)
    return (
        None if len(rows) == 1 and len(table) >= 2 else f"shapes {shape_text(rows)} and {shape_text(table)}"
    )


@needs("tuples of no more indices than there are axes")
def indices_for_axes(op: Op) -> str | None:
    """Of GATHER_ND."""
    rank, indices = len(operand_shape(op, 0)), operand_shape(op, 1)
    return (
        None
        if indices and indices[-1] <= rank
        else f"indices of shape {shape_text(indices)} for rank {rank}"
    )


@needs("an update no larger than the tensor, and a start for each axis")
def update_inside(op: Op) -> str | None:
    """Of DYNAMIC_UPDATE_SLICE."""
    shape, block, starts = (shape_of(t) for t in op.inputs)
    fits = starts == (len(shape),) and len(block) == len(shape)
    if fits and all(n <= d for n, d in zip(block, shape, strict=True)):
        return None
    return f"{shape_text(starts)} starts and an update of {shape_text(block)} for {shape_text(shape)}"


@needs("as many outputs as num_splits says")
def outputs_for_splits(op: Op) -> str | None:
    found, count = len(op.outputs), op.options.num_splits
    return None if found == count else f"{found} outputs and num_splits {count}"


@needs("a size for each output")
def size_for_each(op: Op) -> str | None:
    """Of SPLIT_V."""
    shape = operand_shape(op, 1)
    return (
        None
        if shape == (len(op.outputs),)
        else f"sizes of shape {shape_text(shape)} for {len(op.outputs)} outputs"
    )


@needs("x and y of one shape, and a condition of that shape, a scalar, or one value per row")
def select_shapes(op: Op) -> str | None:
    """Of SELECT."""
    condition, x, y = (shape_of(t) for t in op.inputs)
    if x == y and (condition in (x, ()) or (x and condition == x[:1])):
        return None
    if all(t.size == 1 for t in (*op.inputs, *op.outputs) if t is not None):
        return None
    return "shapes " + ", ".join(map(shape_text, (condition, x, y)))


@needs("an alpha that broadcasts to the input's shape")
def broadcast_alpha(op: Op) -> str | None:
    """Of PRELU."""
    x, alpha = operand_shape(op, 0), operand_shape(op, 1)
    fits = len(alpha) <= len(x) and np.broadcast_shapes(x, alpha) == x
    return None if fits else f"shapes {shape_text(x)} and {shape_text(alpha)}"


@needs("an output of the type that output_type says")
def declared_type(op: Op) -> str | None:
    """LiteRT gives ARG_MAX and ARG_MIN the type of the option, whatever the tensor's is."""
    said, dtype = op.options.output_type, op.outputs[0].dtype
    return None if said == dtype.upper() else f"{dtype} and output_type {said}"
