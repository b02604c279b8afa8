"""Exact products of integer matrices, through the float routines of BLAS.

A float32 product sums whole numbers without rounding, in any order and with fused multiply-adds, as long
as no partial sum can pass 2**24: if the largest input times the sum of a column's absolute weights stays
below. Else float64 does it up to 2**53.
"""

from __future__ import annotations

import numpy as np

_EXACT32 = 1 << 24
_EXACT64 = 1 << 53
_BLOCK = 1 << 15  # weights at a time


def largest_sums(weights: np.ndarray, largest_input: int) -> np.ndarray:
    """Return what no sum of products can exceed, for each column of weights (..., depth, columns)."""
    *batch, _, columns = weights.shape
    sums = np.zeros((*batch, columns))
    step = max(1, _BLOCK * columns // max(1, weights.size))
    wide = np.int16 if weights.dtype.itemsize == 1 else np.float64
    for first in range(0, columns, step):  # all of them, wide, would take several times the file's memory
        some = slice(first, first + step)
        sums[..., some] = np.abs(weights[..., some], dtype=wide).sum(axis=-2, dtype=np.float64)
    return np.asarray(sums * largest_input)


def exact_weights(weights: np.ndarray, largest_input: int) -> np.ndarray:
    """Return integer weights (..., depth, columns) in the float type whose products are exact.

    :param largest_input: no input is larger, in magnitude
    """
    return within(weights, largest_sums(weights, largest_input))


def within(weights: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """The same, where it is known already what no sum of a column can exceed: they lie as they did."""
    return np.asarray(weights.astype(exact_type(largest.max(initial=0)), copy=False))


def exact_type(largest_sum: float) -> np.dtype:
    """Return the float type that holds every sum up to ``largest_sum`` exactly."""
    assert largest_sum <= _EXACT64, f"sums of up to {largest_sum} do not fit float64"
    return np.dtype(np.float32 if largest_sum <= _EXACT32 else np.float64)


def largest_magnitude(dtype: str, offset: int = 0) -> int:
    """Return the largest magnitude of ``stored - offset`` over a tensor type's stored values."""
    info = np.iinfo(dtype)
    return max(abs(info.min - offset), abs(info.max - offset))
