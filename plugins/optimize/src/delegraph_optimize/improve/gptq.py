"""GPTQ: weights are rounded column by column; what a column loses, the columns behind it make up for.

Source: Frantar et al., "GPTQ: accurate post-training quantization for generative pre-trained
transformers", 2023, section 3.
"""

from __future__ import annotations

import numpy as np

from .nearest import nearest

# Of the mean of the diagonal of XᵀX: what keeps it invertible, and more for each weight that a row decides.
DAMPING = (0.01, 0.05)
# The same for roundings, of which there are many that do nearly as well on the rows that are looked at.
OF_ROUNDINGS = (0.05, 0.1)


def gptq(weights: np.ndarray, steps: np.ndarray, limit: int, squares: np.ndarray) -> np.ndarray:
    """Return integers for the weights of one group.

    :param weights: (units, depth)
    :param steps: real = steps · integer; (units, 1) or (units, depth)
    :param limit: integers go from -limit to limit
    :param squares: XᵀX of the inputs, damped, (depth, depth)
    """
    depth = weights.shape[1]
    order = np.argsort(-squares.diagonal(), kind="stable")  # what weighs most has most behind it
    left = weights[:, order].astype(np.float64)
    wide = np.broadcast_to(steps, weights.shape)[:, order]
    factor = inverse_factor(squares[np.ix_(order, order)])
    stored = np.empty_like(left)
    for k in range(depth):
        stored[:, k] = nearest(left[:, k], wide[:, k], limit)
        lost = (left[:, k] - stored[:, k] * wide[:, k]) / factor[k, k]
        left[:, k + 1 :] -= lost[:, None] * factor[k, k + 1 :]
    found = np.empty_like(stored)
    found[:, order] = stored
    return found


def inverse_factor(squares: np.ndarray) -> np.ndarray:
    """Return the upper triangular U with UᵀU = squares⁻¹."""
    return np.asarray(np.linalg.cholesky(np.linalg.inv(squares)).T)


def damping(rows: int, depth: int, shares: tuple[float, float] = DAMPING) -> float:
    """Return what keeps weights near their own values where few rows say what they should be."""
    return shares[0] + shares[1] * depth / max(rows, 1)


def damped_squares(x: np.ndarray, shares: tuple[float, float] = DAMPING) -> np.ndarray:
    """Return XᵀX of rows, (groups, depth, depth), with more on its diagonals, as of more, random rows."""
    _, rows, depth = x.shape
    return damped(x.transpose(0, 2, 1) @ x, damping(rows, depth, shares))


def damped(squares: np.ndarray, share: float) -> np.ndarray:
    """Return squares (groups, depth, depth) with a share of the mean of their diagonal on it."""
    depth = squares.shape[2]
    mean = np.trace(squares, axis1=1, axis2=2)[:, None, None] / depth
    return np.asarray(squares + np.where(mean > 0, share * mean, 1.0) * np.eye(depth))
