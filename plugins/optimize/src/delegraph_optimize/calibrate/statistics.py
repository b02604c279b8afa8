"""What is kept of a tensor's values: how far they go, and how often which of them come. Never the
values.
"""

from __future__ import annotations

import math

import numpy as np
from attrs import define, field

BINS = 2048  # of a histogram; half of them below 0
_PAST = 0.95  # of the moving averages: what the ranges before weigh
_COUNTED = 1 << 14  # values of an array that its histogram counts: more say little more


def _no_counts() -> np.ndarray:
    return np.zeros(BINS, np.int64)


@define(eq=False)
class TensorStatistics:
    """The values that one tensor took in all samples."""

    low: float = np.inf
    high: float = -np.inf
    mean_low: float = 0.0  # moving averages of the lowest and the highest value of a sample
    mean_high: float = 0.0
    samples: int = 0  # arrays that were seen
    odd: int = 0  # values that were no finite numbers
    reach: float = 0.0  # the histogram counts -reach ≤ x < reach; a power of two, 0 without a histogram
    counts: np.ndarray = field(factory=_no_counts)

    def see(self, values: np.ndarray, histogram: bool = True) -> None:
        """Take in an array of floats."""
        if not values.size:
            return
        low, high = float(values.min()), float(values.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = values[np.isfinite(values)]
            self.odd += values.size - finite.size
            if not finite.size:
                return
            values, low, high = finite, float(finite.min()), float(finite.max())
        self._average(low, high)
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.samples += 1
        if histogram:
            self._count(values, max(-low, high))

    def merged(self, other: TensorStatistics) -> TensorStatistics:
        """Return the statistics of what both saw; the averages weigh as their samples do."""
        both = TensorStatistics(min(self.low, other.low), max(self.high, other.high))
        both.samples, both.odd = self.samples + other.samples, self.odd + other.odd
        for name in ("mean_low", "mean_high"):
            total = getattr(self, name) * self.samples + getattr(other, name) * other.samples
            setattr(both, name, total / max(both.samples, 1))
        if self.reach and other.reach:
            both.reach = max(self.reach, other.reach)
            both.counts = _widened(self, both.reach) + _widened(other, both.reach)
        return both

    def _average(self, low: float, high: float) -> None:
        past = _PAST if self.samples else 0.0
        self.mean_low = past * self.mean_low + (1 - past) * low
        self.mean_high = past * self.mean_high + (1 - past) * high

    def _count(self, values: np.ndarray, largest: float) -> None:
        needed = 2.0 ** (np.floor(np.log2(largest)) + 1) if largest > 2.0**-60 else 2.0**-60
        if needed > self.reach:
            self.counts = _widened(self, needed)
            self.reach = needed
        some = values.reshape(-1)[:: _stride(values.size)]
        places = (some * np.float64(BINS / 2 / self.reach) + BINS / 2).astype(np.int32)
        self.counts += np.bincount(np.minimum(places, BINS - 1), minlength=BINS)


def _stride(size: int) -> int:
    """Return the distance of the values that are counted: of no axis of the array more than of others."""
    found = -(-size // _COUNTED)
    while math.gcd(found, size) > 1:
        found += 1
    return found


def _widened(old: TensorStatistics, reach: float) -> np.ndarray:
    """Return a histogram's counts in bins that are wider by a power of two."""
    if not old.reach:
        return old.counts
    times = round(reach / old.reach)
    if times >= BINS:
        wide = np.array([old.counts[: BINS // 2].sum(), old.counts[BINS // 2 :].sum()])
    else:
        wide = old.counts.reshape(-1, times).sum(axis=1)
    counts = _no_counts()
    start = (BINS - len(wide)) // 2
    counts[start : start + len(wide)] = wide
    return counts
