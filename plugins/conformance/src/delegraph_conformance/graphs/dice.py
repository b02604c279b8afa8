"""Reproducible chance: from the bits of PCG64, whose stream numpy does not change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.random import PCG64

T = TypeVar("T")


class Dice:
    """Draws for one graph."""

    def __init__(self, seed: int) -> None:
        self._bits = PCG64(seed)

    def below(self, n: int) -> int:
        """Return a number of 0..n-1."""
        return int(self._bits.random_raw() >> 11) % n

    def chance(self, share: float) -> bool:
        return self.unit() < share

    def unit(self) -> float:
        """Return a number of [0, 1)."""
        return float(self._bits.random_raw() >> 11) * 2.0**-53

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def weighted(self, choices: Sequence[tuple[T, float]]) -> T:
        """Return one of (choice, weight)."""
        point = self.unit() * sum(weight for _, weight in choices)
        for choice, weight in choices:
            point -= weight
            if point < 0:
                return choice
        return choices[-1][0]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        keys = [self.unit() for _ in items]
        return [items[i] for i in np.argsort(keys)]

    def floats(self, shape: Sequence[int], low: float, high: float) -> np.ndarray:
        n = int(np.prod(shape, dtype=np.int64))
        unit = (self._bits.random_raw(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        found: np.ndarray = low + (high - low) * unit
        return found.reshape(tuple(shape))

    def integers(self, shape: Sequence[int], low: int, high: int) -> np.ndarray:
        """Return integers of low..high, both included."""
        n = int(np.prod(shape, dtype=np.int64))
        bits = self._bits.random_raw(n) % np.uint64(high - low + 1)
        found: np.ndarray = bits.astype(np.int64) + low
        return found.reshape(tuple(shape))
