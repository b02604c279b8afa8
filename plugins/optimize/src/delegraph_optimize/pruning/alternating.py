"""Which weights go, sought for all of them at once: by the alternating direction method of multipliers.

Weights that are free come as near as they can to what was computed and to weights with zeros; those with
zeros are the free ones, the lowest of them taken away; what the two differ by adds up and draws them
together. All units of a layer share one decomposition, so that a round is two products of matrices.

Source: Boyd et al., "Distributed optimization and statistical learning via the alternating direction method
of multipliers", 2011, section 9.1; Meng et al., "ALPS: improved optimization for highly sparse one-shot
pruning for large language models", 2024 (for pruning, and a penalty that grows as the zeros settle).
"""

from __future__ import annotations

import numpy as np

from .pattern import Pattern

_ROUNDS = 100  # at most: some 60 are enough
_FIRST = 0.1  # penalty, of inputs whose mean square is 1
# The penalty grows by the factor of the first share that is less than that of the zeros that moved.
_GROWTH = ((0.05, 1.15), (0.005, 1.1), (-1.0, 1.05))
_LOOKED = 3  # rounds between two looks at the zeros


def rounds_of_work(weights: np.ndarray) -> float:
    """Return how many multiplications all rounds may take, for weights (units, depth)."""
    units, depth = weights.shape
    return float(2 * _ROUNDS * units * depth**2)


def chosen(
    weights: np.ndarray, squares: np.ndarray, pattern: Pattern, share: float, row: int
) -> np.ndarray:
    """Return which weights go so that those that stay can make up best for them, (units, depth).

    :param squares: XᵀX of the inputs, damped, (depth, depth)
    :param row: how many columns stand beside each other in the model
    """
    size = np.sqrt(squares.diagonal())
    even = squares / np.outer(size, size)  # of inputs that are all as large: a weight's square is its cost
    own = weights * size
    groups = pattern.groups(weights.shape[1], row)
    values, vectors = np.linalg.eigh(even)
    wanted = own @ even
    gone = pattern.removed(np.square(own), groups, share)
    zeroed, apart, penalty = np.where(gone, 0.0, own), np.zeros_like(own), _FIRST
    settled = gone
    for number in range(1, _ROUNDS + 1):
        free = ((wanted - apart + penalty * zeroed) @ vectors / (values + penalty)) @ vectors.T
        drawn = free + apart / penalty
        gone = pattern.removed(np.square(drawn), groups, share)
        zeroed = np.where(gone, 0.0, drawn)
        apart += penalty * (free - zeroed)
        if number % _LOOKED == 0:
            moved = float(np.mean(gone != settled))
            if moved == 0.0 and penalty > 1.0:  # zeros count for more than what is computed
                break
            settled = gone
            penalty *= next(growth for least, growth in _GROWTH if moved > least)
    return gone
