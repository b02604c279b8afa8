"""k-means of numbers: a few values, so that the squared distances to the nearest of them are small.

Source: Lloyd, "Least squares quantization in PCM", 1982; Arthur and Vassilvitskii, "k-means++: the
advantages of careful seeding", 2007. Numbers in order make each cluster an interval between two middles.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_ROUNDS = 100
Starts = Callable[[np.ndarray, np.ndarray, int, np.random.Generator], np.ndarray]


def centroids_of(
    values: np.ndarray,
    count: int,
    start: str,
    rng: np.random.Generator,
    weigh: np.ndarray | None = None,
    keep_zero: bool = False,
) -> np.ndarray:
    """Return at most so many values, in order.

    :param start: of ``STARTS``
    :param weigh: how much each number counts; None: all the same
    :param keep_zero: zero is one of the values
    """
    order = np.argsort(values, axis=None, kind="stable")
    numbers = values.reshape(-1)[order].astype(np.float64)
    weights = np.ones(len(numbers)) if weigh is None else weigh.reshape(-1)[order].astype(np.float64)
    if keep_zero:
        there = numbers != 0
        numbers, weights, count = numbers[there], weights[there], count - 1
    known = np.unique(numbers)
    if len(known) <= count:
        return np.unique([*known, 0.0]) if keep_zero else known
    found = np.sort(STARTS[start](numbers, weights, count, rng))
    found = np.unique([*found, 0.0]) if keep_zero else found
    return _settled(numbers, weights, found, keep_zero)


def nearest(values: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Return the place of the nearest of values in order, for each number."""
    return np.asarray(np.searchsorted((centroids[1:] + centroids[:-1]) / 2, values))


def moved(values: np.ndarray, centroids: np.ndarray, keep_zero: bool = False) -> np.ndarray:
    """Return each of values in order as the mean of the numbers nearest to it."""
    numbers = np.sort(values, axis=None).astype(np.float64)
    return np.sort(_moved(numbers, *_sums(numbers, np.ones(len(numbers))), centroids, keep_zero))


def _settled(numbers: np.ndarray, weights: np.ndarray, found: np.ndarray, keep_zero: bool) -> np.ndarray:
    """Move each value to the mean of the numbers nearest to it, until nothing moves."""
    sums = _sums(numbers, weights)
    for _ in range(_ROUNDS):
        after = _moved(numbers, *sums, found, keep_zero)
        if np.array_equal(after, found):
            break
        found = np.sort(after)
    return found


def _sums(numbers: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of weights, and of weighted numbers, before each of the numbers in order."""
    sums = (np.concatenate([[0.0], np.cumsum(a)]) for a in (weights, weights * numbers))
    mass, moment = sums
    return mass, moment


def _moved(
    numbers: np.ndarray, mass: np.ndarray, moment: np.ndarray, found: np.ndarray, keep_zero: bool
) -> np.ndarray:
    ends = np.searchsorted(numbers, (found[1:] + found[:-1]) / 2)
    ends = np.concatenate([[0], ends, [len(numbers)]])
    masses, moments = np.diff(mass[ends]), np.diff(moment[ends])
    after = np.where(masses > 0, moments / np.where(masses > 0, masses, 1.0), found)
    return np.where(found == 0, 0.0, after) if keep_zero else after


def _linear(numbers: np.ndarray, weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return np.linspace(numbers[0], numbers[-1], count)


def _random(numbers: np.ndarray, weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(numbers[0], numbers[-1], count)


def _density(numbers: np.ndarray, weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return values between which lie equally many numbers."""
    mass = np.cumsum(weights)
    at = np.searchsorted(mass, (np.arange(count) + 0.5) / count * mass[-1])
    return np.asarray(numbers[np.minimum(at, len(numbers) - 1)])


def _careful(numbers: np.ndarray, weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers, each the more likely the farther it is from those that are drawn (k-means++)."""
    found = [rng.choice(numbers, p=weights / weights.sum())]
    far = np.square(numbers - found[0])
    while len(found) < count and (total := float((weights * far).sum())) > 0:
        found.append(rng.choice(numbers, p=weights * far / total))
        far = np.minimum(far, np.square(numbers - found[-1]))
    return np.array(found)


STARTS: dict[str, Starts] = {
    "kmeans++": _careful,
    "linear": _linear,
    "density": _density,
    "random": _random,
}
