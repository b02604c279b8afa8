"""AdaRound: whether each weight is rounded up or down is learned, so that the op's outputs stay near the
floats'.

Soft roundings move down the gradient of |act(Wx + b) - act(Ŵx̂ + b̂)|². Then each weight alone is rounded
the other way where that is better.

Source: Nagel et al., "Up or down? Adaptive rounding for post-training quantization", 2020, section 3.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from .nearest import nearest
from .soft_rounding import SoftRounding

_RATE = 0.07  # of Adam
_BATCH = 128  # rows
_SWEEPS = 2  # over the weights, at the end


@frozen
class RoundingTarget:
    """What a product is to give: for groups, rows of inputs."""

    found: np.ndarray  # what the quantized op reads, (groups, rows, depth)
    wanted: np.ndarray  # what the op of floats writes, (groups, rows, units)
    bias: np.ndarray  # of the quantized op, (groups, units)
    low: float  # of the fused activation
    high: float
    # Added to the error for each weight's squared distance from the floats', (groups, 1): where few rows
    # say what is right, weights are not to go far for them.
    ridge: np.ndarray | float = 0.0

    def error(self, weights: np.ndarray, floats: np.ndarray) -> np.ndarray:
        """Return the mean squared error that weights give, (groups, units)."""
        away = np.square(weights - floats).sum(axis=2)
        return np.asarray(self.error_of(self.sums(weights)) + self.ridge * away)

    def sums(self, weights: np.ndarray) -> np.ndarray:
        return np.asarray(self.found @ weights.transpose(0, 2, 1).astype(np.float32) + self.bias[:, None])

    def error_of(self, sums: np.ndarray) -> np.ndarray:
        """Return the mean squared error of sums before the activation, (groups, units)."""
        off = np.clip(sums, self.low, self.high) - self.wanted
        return np.asarray(np.einsum("gru,gru->gu", off, off) / np.float32(off.shape[1]))

    def gradient(self, weights: np.ndarray, floats: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the gradient of the error of some rows by the weights."""
        x = self.found[:, rows]
        sums = x @ weights.transpose(0, 2, 1) + self.bias[:, None]
        off = np.clip(sums, self.low, self.high) - self.wanted[:, rows]
        off[(sums < self.low) | (sums > self.high)] = 0
        away = np.asarray(2 * self.ridge, np.float32)[..., None] * (weights - floats)
        return np.asarray(off.transpose(0, 2, 1) @ x * np.float32(2 / len(rows)) + away)


def adaround(
    weights: np.ndarray,
    steps: np.ndarray,
    limit: int,
    target: RoundingTarget,
    *,
    iterations: int = 500,
    seed: int = 0,
) -> np.ndarray:
    """Return integers for weights, (groups, units, depth): for no unit worse on the target than the
    nearest.
    """
    simple = nearest(weights, steps, limit)
    error = target.error(simple * steps, weights)
    learned = _learned(weights, steps, limit, target, error, iterations, seed)
    better = target.error(learned * steps, weights) < error
    chosen = np.where(better[..., None], learned, simple)
    for _ in range(_SWEEPS):
        _flip(chosen, weights, steps, limit, target)
    return chosen


def _learned(
    weights: np.ndarray,
    steps: np.ndarray,
    limit: int,
    target: RoundingTarget,
    error: np.ndarray,
    iterations: int,
    seed: int,
) -> np.ndarray:
    floats, wide = weights.astype(np.float32), steps.astype(np.float32)
    soft = SoftRounding(weights / steps, limit)
    # The error of a unit counts as much for each of its weights as the regularizer's 1.
    scale = (wide * (weights.shape[2] / np.maximum(error, 1e-12))[..., None]).astype(np.float32)
    rng = np.random.default_rng(seed)
    for done in range(iterations):
        rows = rng.integers(0, target.found.shape[1], _BATCH)
        slope = target.gradient(soft.numbers() * wide, floats, rows) * scale
        soft.move(slope, done / iterations, _RATE)
    return soft.rounded()


def _flip(
    stored: np.ndarray, weights: np.ndarray, steps: np.ndarray, limit: int, target: RoundingTarget
) -> None:
    """Round each weight the other way, in its place, where the error falls."""
    floor, wide = np.floor(weights / steps), np.broadcast_to(steps, weights.shape)
    sums, error = target.sums(stored * steps), target.error(stored * steps, weights)
    away = np.square(stored * steps - weights).sum(axis=2)
    for k in range(weights.shape[2]):
        now, other = stored[..., k], np.clip(2 * floor[..., k] + 1 - stored[..., k], -limit, limit)
        change = ((other - now) * wide[..., k]).astype(np.float32)
        moved = sums + target.found[..., k, None] * change[:, None]
        off = np.square(np.stack([other, now]) * wide[..., k] - weights[..., k])
        found = target.error_of(moved) + target.ridge * (away + off[0] - off[1])
        better = found < error
        away += np.where(better, off[0] - off[1], 0)
        stored[..., k][better], error[better] = other[better], found[better]
        sums = np.where(better[:, None], moved, sums)
