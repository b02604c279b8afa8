"""Integers that may lie between two while it is learned whether each weight is rounded up or down.

floor(W / steps) + h(V), h(V) = clip(1.2 · sigmoid(V) - 0.1, 0, 1): Adam moves V down the slope of a loss
and of a regularizer, Σ 1 - |2h - 1|^β, that draws h to 0 and 1 as β falls.

Source: Nagel et al., "Up or down? Adaptive rounding for post-training quantization", 2020, section 3.
"""

from __future__ import annotations

import numpy as np

_STRETCH = 1.2  # of the sigmoid, so that it reaches 0 and 1
_WEIGHT = 10.0  # of the regularizer, for a weight, beside the error of rounding to the nearest
_BETAS = (20.0, 2.0)
_WARM = 0.2  # of the iterations: without the regularizer
_PAST = (0.9, 0.999)  # of Adam's averages


class SoftRounding:
    """Roundings of numbers to integers from -limit to limit."""

    def __init__(self, numbers: np.ndarray, limit: int) -> None:
        self._limit = limit
        self._floor = np.clip(np.floor(numbers), -limit, limit).astype(np.float32)
        up = np.clip(numbers - self._floor, 0.01, 0.99).astype(np.float32)
        self._v = np.log((up + 0.1) / (_STRETCH - 0.1 - up))
        self._adam = Adam(self._v)

    def numbers(self) -> np.ndarray:
        """Return numbers that are integers once all is learned."""
        self._sigmoid = 1 / (1 + np.exp(-self._v))
        self._h = np.clip(self._sigmoid * np.float32(_STRETCH) - np.float32(0.1), 0, 1)
        return np.asarray(np.clip(self._floor + self._h, -self._limit, self._limit))

    def rounded(self) -> np.ndarray:
        """Return the integers."""
        return np.asarray(np.clip(self._floor + (self._v >= 0), -self._limit, self._limit), np.float64)

    def move(self, slope: np.ndarray, progress: float, rate: float) -> None:
        """Move the numbers against a loss's slope by them; at the end, to integers.

        :param progress: the share of the iterations that is done
        """
        if progress >= _WARM:
            slope = slope + self._regularizer(progress)
        inside = (self._h > 0) & (self._h < 1)
        self._adam.move(self._v, slope * self._sigmoid * (1 - self._sigmoid) * inside, rate)

    def _regularizer(self, progress: float) -> np.ndarray:
        """Return the regularizer's slope by h; β falls from the end of the warm-up on."""
        part = (progress - _WARM) / (1 - _WARM)
        beta = _BETAS[0] + (_BETAS[1] - _BETAS[0]) * part
        away = 2 * self._h - 1
        return np.asarray(
            -2 * _WEIGHT * beta * np.sign(away) * np.abs(away) ** np.float32(beta - 1), np.float32
        )


class Adam:
    """Kingma & Ba, "Adam: a method for stochastic optimization", 2015."""

    def __init__(self, values: np.ndarray) -> None:
        self._mean, self._square = np.zeros_like(values), np.zeros_like(values)
        self._done = 0

    def move(self, values: np.ndarray, slope: np.ndarray, rate: float) -> None:
        """Move values against a slope, in their place."""
        self._done += 1
        first, second = _PAST
        self._mean += np.float32(1 - first) * (slope - self._mean)
        self._square += np.float32(1 - second) * (slope * slope - self._square)
        size = np.float32(rate / (1 - first**self._done))
        root = np.sqrt(self._square / np.float32(1 - second**self._done)) + np.float32(1e-8)
        values -= size * self._mean / root
