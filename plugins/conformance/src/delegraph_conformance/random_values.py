"""Reproducible values of every tensor type, with the edges of the type among them."""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES
from numpy.random import PCG64


def random_array(
    dtype: str,
    shape: tuple[int, ...],
    seed: int,
    low: float | None = None,
    high: float | None = None,
    special: bool = False,
    zero_point: int = 0,
) -> np.ndarray:
    """Return reproducible values of a tensor type, edges among them."""
    n = int(np.prod(shape, dtype=np.int64))
    bits = PCG64(seed).random_raw(2 * n).reshape(2, n)
    kind = DTYPES[dtype].numpy
    if kind == np.bool_:
        ones: np.ndarray = bits[0] >> np.uint64(60) & np.uint64(1)
        return ones.astype(bool).reshape(shape)
    if kind.kind == "c":
        parts = [random_array("float64", shape, seed + k, low, high) for k in (0, 1)]
        return (parts[0] + 1j * parts[1]).astype(kind)
    if kind.kind == "f":
        return _floats(bits, low, high, special).astype(kind).reshape(shape)
    return _integers(dtype, bits, low, high, zero_point).astype(kind).reshape(shape)


def integer_limits(dtype: str) -> tuple[int, int]:
    """Return the smallest and the largest value of an integer tensor type."""
    bits = DTYPES[dtype].bits
    signed = not dtype.startswith("uint")
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def _floats(bits: np.ndarray, low: float | None, high: float | None, special: bool) -> np.ndarray:
    first, last = -10.0 if low is None else low, 10.0 if high is None else high
    values = first + (last - first) * (bits[0] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    edges = [first, last] + [e for e in _FLOAT_EDGES if first <= e <= last]
    edges += [np.inf, -np.inf, np.nan] if special else []
    return _strewn(values, np.array(edges), bits[1])


def _integers(
    dtype: str, bits: np.ndarray, low: float | None, high: float | None, zero_point: int
) -> np.ndarray:
    least, most = integer_limits(dtype)
    least, most = least if low is None else int(low), most if high is None else int(high)
    span = most - least + 1
    offsets = bits[0] if span > 2**64 - 1 else bits[0] % np.uint64(span)
    values = (offsets + np.uint64(least % 2**64)).astype(np.int64 if least < 0 else np.uint64)
    edges = [e for e in (least, least + 1, most, most - 1, 0, zero_point, -1, 1) if least <= e <= most]
    return _strewn(values, np.array(edges, values.dtype), bits[1])


def _strewn(values: np.ndarray, edges: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Put an edge in place of about one value in eight."""
    chosen = bits % np.uint64(8) == 0
    return np.where(chosen, edges[(bits >> np.uint64(8)) % np.uint64(len(edges))], values)


_FLOAT_EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1e-38, -1e-38, 1e-45, 2.0**-24, 6.0, 1.5, 2.5, -1.5)
