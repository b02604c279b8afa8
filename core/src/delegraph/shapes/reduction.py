"""Reductions over axes that an input names."""

from __future__ import annotations

from ..model import Shape
from ._rule import Inputs


def reduce(inputs: Inputs) -> list[Shape]:
    """MEAN, SUM, …: input 1 holds the axes; ``keep_dims`` leaves them as size 1."""
    shape = inputs.shape(0)
    axes = {inputs.axis(a, len(shape)) for a in inputs.ints(1)} if shape else set()
    if inputs.options.keep_dims:
        return [tuple(1 if a in axes else d for a, d in enumerate(shape))]
    return [tuple(d for a, d in enumerate(shape) if a not in axes)]


def arg(inputs: Inputs) -> list[Shape]:
    """ARG_MAX, ARG_MIN: input 1 holds the one axis, which goes."""
    shape = inputs.shape(0)
    axis = inputs.axis(inputs.scalar(1), len(shape))
    return [(*shape[:axis], *shape[axis + 1 :])]


RULES = {
    **dict.fromkeys(
        ["MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY", "REDUCE_ALL"], reduce
    ),
    "ARG_MAX": arg,
    "ARG_MIN": arg,
}
