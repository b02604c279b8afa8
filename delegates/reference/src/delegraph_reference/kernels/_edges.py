"""How STABLEHLO_PAD, STABLEHLO_REDUCE_WINDOW and STABLEHLO_CONVOLUTION pad, spread and cut a tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from delegraph import Op, shape_text

MOST_PADDED = 1024  # elements that strides may pass over for each one that goes in or comes out


def prepare_edges(
    shape: Sequence[int], low: Sequence[int], interior: Sequence[int], high: Sequence[int]
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function of (x, value) that gives x with values around it and between its elements.

    ``low`` and ``high`` say how many go before and behind along each axis; where negative, x is cut.
    """
    spec = list(zip(shape, low, interior, high, strict=True))
    size = edged(shape, low, interior, high)
    from_, to = zip(*map(_moved, spec, size), strict=True) if spec else ((), ())

    def padded(x: np.ndarray, value: np.ndarray) -> np.ndarray:
        out = np.full(size, value.reshape(()), x.dtype)
        out[to] = x[from_]
        return out

    return padded


def edged(
    shape: Sequence[int], low: Sequence[int], interior: Sequence[int], high: Sequence[int]
) -> list[int]:
    """Return the shape that :func:`prepare_edges` gives to a tensor."""
    spec = zip(shape, low, interior, high, strict=True)
    return [
        max(before + max((d - 1) * (inner + 1) + 1, 0) + behind, 0) for d, before, inner, behind in spec
    ]


def too_far(op: Op, shape: Sequence[int]) -> str | None:
    """Return what is found if a padded operand is out of proportion to what goes in and comes out."""
    there = sum(t.size for t in (*op.inputs, *op.outputs) if t is not None)
    return None if math.prod(shape) <= MOST_PADDED * there else f"{shape_text(tuple(shape))}"


def _moved(spec: tuple[int, int, int, int], size: int) -> tuple[slice, slice]:
    """Return which elements along an axis are left, and where they come to lie in ``size`` places."""
    count, low, inner, _ = spec
    step = inner + 1
    first = min(max(-(low // step), 0), count)  # the first i with low + i * step >= 0
    last = min(max(-((low - size) // step), first), count)
    begin, end = low + first * step, low + (last - 1) * step + 1
    return slice(first, last), slice(max(begin, 0), max(end, 0), step)
