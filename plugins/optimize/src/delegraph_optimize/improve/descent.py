"""Integers and scales of weights that make up for each other, found in turn from where GPTQ ends.

With the others as they are, an integer has its best value in a closed form, and so has a scale:

    error = d H dᵀ,  d = step · q - w,  H = XᵀX
    q_k = round((step · q_k - (d H)_k / H_kk) / step)        step = q H wᵀ / q H qᵀ

Source: Behdin et al., "QuantEase: optimization-based quantization for language models", 2023, section 3.
"""

from __future__ import annotations

import numpy as np

_SWEEPS = 8  # over the weights, at most


def descended(
    stored: np.ndarray, weights: np.ndarray, steps: np.ndarray, limit: int, squares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return integers and steps of one group, whose error is no larger for any unit.

    :param stored: integers to begin with, (units, depth)
    :param weights: (units, depth)
    :param steps: real = steps · integer, (units, 1); those of (units, depth) stay as they are
    :param limit: integers go from -limit to limit
    :param squares: XᵀX of the inputs, damped, (depth, depth)
    """
    stored, steps = stored.copy(), steps.astype(np.float64)
    for _ in range(_SWEEPS):
        changed = _sweep(stored, weights, steps, limit, squares)
        if steps.shape[1] == 1:
            steps = _best_steps(stored, weights, steps, squares)
        if not changed:
            break
    return stored, steps


def _sweep(
    stored: np.ndarray, weights: np.ndarray, steps: np.ndarray, limit: int, squares: np.ndarray
) -> bool:
    """Give each integer its best value, in its place; say whether any is another."""
    wide = np.broadcast_to(steps, weights.shape)
    slope = (stored * wide - weights) @ squares
    changed = False
    for k in range(weights.shape[1]):
        best = stored[:, k] - slope[:, k] / (squares[k, k] * wide[:, k])
        best = np.clip(np.rint(best), -limit, limit)
        moved = np.flatnonzero(best != stored[:, k])
        if moved.size:
            slope[moved] += ((best - stored[:, k]) * wide[:, k])[moved, None] * squares[k]
            stored[:, k] = best
            changed = True
    return changed


def _best_steps(
    stored: np.ndarray, weights: np.ndarray, steps: np.ndarray, squares: np.ndarray
) -> np.ndarray:
    read = stored @ squares
    along, own = ((read * v).sum(axis=1, keepdims=True) for v in (weights, stored))
    return np.asarray(np.where((along > 0) & (own > 0), along / np.maximum(own, 1e-30), steps))
