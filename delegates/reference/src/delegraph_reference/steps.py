"""Lines in float32 that step where an integer function steps, found by trying: half the bytes of float64.

A rescaled sum is a staircase of at most 256 values. ``sum * slope + offset``, rounded to float32 after each
operation, never falls as the sum grows, so it ends in the same whole number for every sum if it does so on
both sides of each step. A channel in a hundred has steps that no line meets.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from delegraph import frozen

Staircase = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (sums (n, channels), which channels) -> values

_EXACT = 1 << 24  # float32 holds whole numbers up to it
_SLOPES = (0, 1, -1, 2, -2, 3, -3, 4, -4)  # units in the last place from the nearest
_OFFSETS = (0, 1, -1, 2, -2)  # the same, from the middle of what fits
_AT_ONCE = 32  # channels: 255 steps of each, in a dozen arrays
_FAR = 1e9  # an offset that no sum makes up for


@frozen
class Lines:
    """``trunc(sum * slope + offset)``, kept within the staircase's limits, is the staircase."""

    slopes: np.ndarray  # (channels,), float32
    offsets: np.ndarray  # the same
    missing: np.ndarray  # channels without a line


def fitting_lines(
    staircase: Staircase,
    scale: np.ndarray,
    shift: np.ndarray,
    reach: np.ndarray,
    limits: tuple[int, int],
    least: float = -np.inf,
) -> Lines:
    """Return the lines of channels.

    :param scale: the staircase is about ``floor(sum * scale + shift)``; float64, one for each channel
    :param reach: no sum of a channel has a larger magnitude
    :param limits: the lowest and highest value of the staircase, which never falls; neither is negative
    :param least: no offset is smaller
    """
    slopes, offsets = np.zeros((2, len(scale)), np.float32)
    lines = Lines(slopes, offsets, np.flatnonzero(reach > _EXACT))
    for first in range(0, len(scale), _AT_ONCE):
        channels = np.arange(first, min(first + _AT_ONCE, len(scale)))
        steps = _steps(staircase, channels, scale[channels], shift[channels], reach[channels], limits)
        missing = _find(steps, scale[channels].astype(np.float32), lines, least)
        lines = Lines(slopes, offsets, np.union1d(lines.missing, missing))
    return lines


@frozen
class _Steps:
    """The sums on both sides of each step: (steps, channels), float32, infinite where no sum gets there."""

    channels: np.ndarray
    below: np.ndarray  # the largest with a lower value
    at: np.ndarray  # the smallest with this value or a higher one
    values: np.ndarray  # (steps, 1)
    are_right: np.ndarray  # (channels,): False where the staircase steps elsewhere

    def of(self, some: np.ndarray) -> _Steps:
        """Return those of some of the channels."""
        return _Steps(
            self.channels[some], self.below[:, some], self.at[:, some], self.values, self.are_right[some]
        )

    def offsets(self, slopes: np.ndarray) -> np.ndarray:
        """Return the middle between the least that lifts each sum to its value and the most allowed."""
        least = np.fmax.reduce(self.values - self.at * slopes, initial=-_FAR)
        most = np.fmin.reduce(self.values - self.below * slopes, initial=_FAR)
        return np.asarray((least / 2 + most / 2).astype(np.float32))

    def fit(self, slopes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """Say of which channels the lines step where they should."""
        low, high = self.below * slopes + offsets, self.at * slopes + offsets
        return np.asarray(~((low >= self.values) | (high < self.values)).any(axis=0) & self.are_right)


def _find(steps: _Steps, nearest: np.ndarray, lines: Lines, least: float) -> np.ndarray:
    """Write to ``lines`` what fits, around the nearest slopes; return the channels where nothing does."""
    for ulps, more in product(_SLOPES, _OFFSETS):
        slopes = _moved(nearest, ulps)
        offsets = np.maximum(_moved(steps.offsets(slopes), more), np.float32(least))
        fits = steps.fit(slopes, offsets)
        lines.slopes[steps.channels[fits]] = slopes[fits]
        lines.offsets[steps.channels[fits]] = offsets[fits]
        steps, nearest = steps.of(~fits), nearest[~fits]
        if not len(nearest):
            break
    return steps.channels


def _moved(x: np.ndarray, ulps: int) -> np.ndarray:
    return np.asarray(x + np.spacing(x) * np.float32(ulps))


def _steps(
    staircase: Staircase,
    channels: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    reach: np.ndarray,
    limits: tuple[int, int],
) -> _Steps:
    """Return where the staircase should step by its scale, and whether it does."""
    values = np.arange(limits[0] + 1, limits[1] + 1)[:, None]
    at = np.ceil((values - shift) / scale).clip(-reach, reach + 1)
    below = at - 1
    is_met, is_left = at <= reach, below >= -reach
    right = (staircase(np.minimum(at, reach), channels) >= values) | ~is_met
    right &= (staircase(np.maximum(below, -reach), channels) < values) | ~is_left
    below, at = np.where(is_left, below, -np.inf), np.where(is_met, at, np.inf)
    return _Steps(channels, below.astype(np.float32), at.astype(np.float32), values, right.all(axis=0))
