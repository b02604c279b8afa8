"""How far integer sums and results reach: within what LiteRT's int32 holds and float32 tells the steps of.

LiteRT's sums and their multiples wrap at 32 bits, or it dies. Kernels here count in float32, in which a
result of many steps that others cancel is off by some.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from delegraph import DTYPES, Constraint, Op, Tensor, needs
from delegraph.rules import given, operand, operand_shape, scales_of, shape_of

_MOST_STEPS = 2.0**22
_MOST_SUM = 2.0**31
_HYBRID = 255  # the largest magnitude of a real number that is rounded to 8 bits


@needs("results of less than 2**22 steps of the output, sums of less than 2**31")
def within_reach(op: Op) -> str | None:
    """Of ops on 8-bit tensors without weights."""
    out = op.outputs[0]
    eight = [t for t in op.inputs if t is not None and _is_eight_bit(t)]
    if not (_is_eight_bit(out) and eight):
        return None
    combine = _COMBINED.get(op.name, _added)
    sums = combine(op, [_largest(t) for t in eight])
    if sums >= _MOST_SUM:
        return f"sums up to {sums:.3g}"
    steps = combine(op, [_largest(t) * _scale(t) for t in eight]) / out.scale
    return None if steps < _MOST_STEPS else f"{steps:.3g} steps"


def _is_eight_bit(t: Tensor) -> bool:
    return t.dtype in ("int8", "uint8") and t.scale > 0


def _largest(t: Tensor) -> float:
    """Return the largest magnitude of a tensor's values, in steps."""
    low, high = DTYPES[t.dtype].limits
    assert t.quantization is not None
    points = t.quantization.zero_point if t.quantization.zero_point.size else np.zeros(1, np.int64)
    return float(max(high - points.min(), points.max() - low))


def _scale(t: Tensor) -> float:
    return float(scales_of(t).max())


def _added(_op: Op, largest: Sequence[float]) -> float:
    return sum(largest)


def _multiplied(_op: Op, largest: Sequence[float]) -> float:
    return math.prod(largest)


def _matrices(op: Op, largest: Sequence[float]) -> float:
    return math.prod(largest) * operand_shape(op, 0)[-2 if op.options.adj_x else -1]


def _all_values(op: Op, largest: Sequence[float]) -> float:
    return largest[0] * math.prod(operand_shape(op, 0))


def _squared(_op: Op, largest: Sequence[float]) -> float:
    return sum(largest) ** 2


def _sloped(_op: Op, largest: Sequence[float]) -> float:
    return max(largest[0], math.prod(largest))


_COMBINED: dict[str, Callable[[Op, Sequence[float]], float]] = {
    "BATCH_MATMUL": _matrices,
    "MUL": _multiplied,
    "PRELU": _sloped,
    "SQUARED_DIFFERENCE": _squared,
    "SUM": _all_values,
}


def weighted_reach(x: int, weights: int, bias: int, axis: int) -> Constraint:
    """Return the constraint of :func:`within_reach` for an op with constant weights.

    :param x, weights, bias: numbers of the inputs
    :param axis: of the weights, along which the output channels lie
    """

    @needs("sums of less than 2**31, of less than 2**22 steps of the output")
    def found(op: Op) -> str | None:
        # What the types allow is enough for most; only of the others the values are looked at.
        for magnitudes in (_of_type, _of_values):
            sums = magnitudes(operand(op, weights), axis)
            problem = _beyond(op, sums, operand(op, x), operand(op, weights), given(op, bias))
            if problem is None:
                break
        return problem

    return found


def _beyond(op: Op, sums: np.ndarray, x: Tensor, weights: Tensor, bias: Tensor | None) -> str | None:
    """Return what leaves the limits.

    :param sums: of the magnitudes of each channel's weights
    """
    if not _is_eight_bit(x):  # real numbers, rounded to 8 bits; the bias is real, too
        return _beyond_sums(sums * _HYBRID)
    sums = sums * _largest(x)
    if bias is not None:
        assert bias.data is not None
        sums = sums + np.abs(bias.data.reshape(-1).astype(np.float64))
    steps = (sums * scales_of(weights) * x.scale / op.outputs[0].scale).max(initial=0)
    return _beyond_sums(sums) or (None if steps < _MOST_STEPS else f"{steps:.3g} steps")


def _beyond_sums(sums: np.ndarray) -> str | None:
    most = sums.max(initial=0)
    return None if most < _MOST_SUM else f"sums up to {most:.3g}"


def _of_type(weights: Tensor, axis: int) -> np.ndarray:
    """Return the largest sums of magnitudes that there are in a type, of each channel."""
    low, high = DTYPES[weights.dtype].limits
    shape = shape_of(weights)
    each = math.prod(n for i, n in enumerate(shape) if i != axis)
    return np.full(shape[axis], float(max(high, -low) * each))


def _of_values(weights: Tensor, axis: int) -> np.ndarray:
    """Return the sums of magnitudes of each channel."""
    data, q = weights.data, weights.quantization
    assert data is not None
    assert q is not None
    rows = np.moveaxis(data, axis, 0).reshape(data.shape[axis], -1).astype(np.int16)
    return np.asarray(np.abs(rows - q.zero_point.max(initial=0)).sum(axis=1), np.float64)
