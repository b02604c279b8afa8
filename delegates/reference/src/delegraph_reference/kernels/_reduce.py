"""MEAN, SUM, REDUCE_*: the axes that go, and the fixed-point arithmetic of the quantized ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Op, Tensor, needs, rescale
from delegraph.rules import axis_scales_found, operand, scaled, scales_found, shape_of

from ..elementwise import quietly
from ..gemmlowp import rescale_anywhere
from ..kernel import Kernel
from ._movement import axis_of, ints, once

Axes = tuple[int, ...]


def prepare_reduction(op: Op, reduced: Callable[[np.ndarray, Axes, bool], np.ndarray]) -> Kernel:
    """Return a kernel that applies ``reduced(x, axes, keep_dims)`` over the axes that input 1 holds.

    Axes count from either end and may be named twice; a scalar has none, whatever is named.
    """
    rank, keep_dims = len(shape_of(op.inputs[0])), bool(op.options.keep_dims)
    dtype = np.dtype(op.outputs[0].dtype)

    def distinct(values: np.ndarray) -> Axes:
        return tuple(sorted({axis_of(axis, rank) for axis in ints(values)})) if rank else ()

    axes = once(distinct, op.inputs[1])

    @quietly
    def run(x: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray]:
        return (np.asarray(reduced(x, axes(axis), keep_dims), dtype),)

    return run


def count_of(shape: tuple[int, ...], axes: Axes) -> int:
    """Return how many values go into one."""
    n = 1
    for axis in axes:
        n *= shape[axis]
    return n


def float_sum(x: np.ndarray, axes: Axes, keep_dims: bool) -> np.ndarray:
    """Return the sums of float32 values.

    Over outer axes numpy adds row to row, in the order and with the rounding of LiteRT. Along the innermost
    axis it would add otherwise: those sums are formed in float64.
    """
    innermost = max((axis for axis, d in enumerate(x.shape) if d > 1), default=-1)
    dtype = np.float64 if innermost in axes else np.float32
    return np.asarray(x.sum(axes, dtype, keepdims=keep_dims))


def quantized_sum(x: np.ndarray, axes: Axes, keep_dims: bool, zero_point: int) -> np.ndarray:
    """Return the int64 sums of stored - zero_point."""
    total = x.sum(axes, dtype=np.int64, keepdims=keep_dims)
    return np.asarray(total - zero_point * count_of(x.shape, axes))


def requantized(total: np.ndarray, multiplier: int, shift: int, out: Tensor) -> np.ndarray:
    """Return sums as the output stores them: scaled, rounded twice, and clipped to its type.

    Those of 8 bits are int32 in LiteRT.
    """
    info = np.iinfo(out.dtype)
    if info.bits == 8:
        stored = rescale_anywhere(total, multiplier, shift, out.zero_point)
    else:
        stored = rescale(total, multiplier, shift) + out.zero_point
    return np.asarray(np.clip(stored, info.min, info.max))


@needs("a scale on input and output")
def quantized(op: Op) -> str | None:
    for t in (operand(op, 0), op.outputs[0]):
        if not scaled(t) or axis_scales_found(t):
            return f"{scales_found(t)} on {t.name!r}"
    return None
