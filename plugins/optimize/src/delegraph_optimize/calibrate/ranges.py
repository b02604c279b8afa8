"""From what a tensor's values were to the range that its integers are to cover.

Source of entropy: Migacz, "8-bit inference with TensorRT", GTC 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from delegraph import InputError

from .statistics import BINS, TensorStatistics

PERCENTILE = 99.99  # of the values that lie inside
_EVERY = 8  # bins between two limits that are tried for entropy
_EMPTY = 1e-4  # the share that a bin counts for, where nothing is stored and something fell

Range = tuple[float, float]


def range_of(seen: TensorStatistics, method: str = "minmax", bits: int = 8) -> Range:
    """Return the lowest and the highest value to store.

    :param method: one of ``METHODS``: ``minmax`` all that was seen; ``average`` moving averages of each
        sample's
        lowest and highest; ``percentile`` all but one in ten thousand; ``mse`` the least squared error;
        ``entropy`` the least loss of information.
    :raises InputError: the method needs a histogram, and there is none.
    """
    if method not in METHODS:
        raise InputError(f"calibration method needs one of {', '.join(METHODS)}, found {method!r}")
    if method in _OF_HISTOGRAMS and not seen.reach:
        raise InputError(f"method {method!r} needs histograms; this calibration was made without them")
    low, high = METHODS[method](seen, bits)
    return max(float(low), seen.low), min(float(high), seen.high)


def _minmax(seen: TensorStatistics, bits: int) -> Range:
    return seen.low, seen.high


def _average(seen: TensorStatistics, bits: int) -> Range:
    return seen.mean_low, seen.mean_high


def _percentile(seen: TensorStatistics, bits: int) -> Range:
    total, edges = np.cumsum(seen.counts), _edges(seen)
    outside = total[-1] * (1 - PERCENTILE / 100) / 2
    low = int(np.searchsorted(total, outside, side="right"))
    high = int(np.searchsorted(total, total[-1] - outside, side="left"))
    return float(edges[low]), float(edges[high + 1])


def _mse(seen: TensorStatistics, bits: int) -> Range:
    """Draw in first the higher end, then the lower, while the squared error falls."""
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    there = np.flatnonzero(seen.counts)
    values, counts = _centres(seen)[there], seen.counts[there]
    shares = np.linspace(0.2, 1.0, 81)
    high *= float(shares[np.argmin(_squared_errors(values, counts, low, high * shares, bits))])
    low *= float(shares[np.argmin(_squared_errors(values, counts, low * shares, high, bits))])
    return low, high


def _squared_errors(
    values: np.ndarray, counts: np.ndarray, low: np.ndarray | float, high: np.ndarray | float, bits: int
) -> np.ndarray:
    """Return the squared error of each of some ranges, of which one end or the other varies."""
    most = (1 << bits) - 1
    low = np.asarray(low, np.float64).reshape(-1, 1)
    step = np.maximum((np.reshape(high, (-1, 1)) - low) / most, np.finfo(np.float64).tiny)
    stored = (values - low) / step
    np.rint(stored, out=stored)
    np.clip(stored, 0, most, out=stored)
    stored *= step
    stored += low - values
    return np.asarray(np.square(stored, out=stored) @ counts)


def _entropy(seen: TensorStatistics, bits: int) -> Range:
    half = BINS // 2
    sizes = seen.counts[half:] + seen.counts[:half][::-1]  # how often which |x| came
    farthest = min(int(max(-seen.low, seen.high) / seen.reach * half), half - 1)
    sizes[farthest] = max(sizes[farthest], 1)  # which a histogram of some values may lack
    levels = 1 << (min(bits, 8) - (seen.low < 0))  # of |x|
    limit = kept_bins(sizes, levels)
    return (
        (seen.low, seen.high) if limit is None else (-limit * seen.reach / half, limit * seen.reach / half)
    )


def kept_bins(sizes: np.ndarray, levels: int) -> int | None:
    """Return how many bins of a histogram of |x| to keep for the least loss of information; None: all.

    Of several that lose as little, the most are kept.
    """
    sizes = sizes.copy()
    sizes[0] = sizes[1]  # zeros behind a RELU say nothing of the others
    last = int(np.flatnonzero(sizes)[-1]) + 1 if sizes.any() else 0
    if last <= levels:
        return None
    kept = [*range(levels, last, _EVERY), last]
    losses = np.array([divergence(sizes, n, levels) for n in kept])
    best = int(np.flatnonzero(losses == losses.min())[-1])
    return None if kept[best] == last else kept[best]


def divergence(sizes: np.ndarray, kept: int, levels: int) -> float:
    """Return the Kullback-Leibler divergence of what is stored with so many bins kept from what there
    was.

    There, what lies beyond counts in the last bin; what is stored is without it, each level spread evenly
    over those of its bins that held something.
    """
    there = sizes[:kept].astype(np.float64)
    clipped = there.copy()
    clipped[-1] += sizes[kept:].sum()
    group = np.arange(kept) * levels // kept
    filled = there > 0
    sums = np.bincount(group, weights=there, minlength=levels)
    shared = np.bincount(group, weights=filled, minlength=levels)
    stored = np.where(filled, (sums / np.maximum(shared, 1))[group], 0.0)
    if not stored.any():
        return np.inf
    p, q = clipped[clipped > 0] / clipped.sum(), stored[clipped > 0] / stored.sum()
    return float((p * np.log(p / np.maximum(q, _EMPTY))).sum())


def _edges(seen: TensorStatistics) -> np.ndarray:
    return np.linspace(-seen.reach, seen.reach, BINS + 1)


def _centres(seen: TensorStatistics) -> np.ndarray:
    edges = _edges(seen)
    return np.asarray((edges[1:] + edges[:-1]) / 2)


METHODS: Mapping[str, Callable[[TensorStatistics, int], Range]] = {
    "minmax": _minmax,
    "average": _average,
    "percentile": _percentile,
    "mse": _mse,
    "entropy": _entropy,
}
_OF_HISTOGRAMS = ("percentile", "mse", "entropy")


def needs_histograms(method: str) -> bool:
    return method in _OF_HISTOGRAMS
