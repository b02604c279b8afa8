"""Pruning with reconstruction: what a removed weight did, those that stay take over.

Which go is sought for all weights of a layer at once (``alternating.py``); of the largest layers, and where
it is only asked what a share would cost, column by column.

Source: Frantar and Alistarh, "SparseGPT: massive language models can be accurately pruned in one-shot",
2023, sections 3.2 and 3.3 (which go, column by column); Hassibi and Stork, "Second order derivatives for
network pruning: optimal brain surgeon", 1993 (what stays: the least squares of what is left).
"""

from __future__ import annotations

import numpy as np

from ..improve.gptq import inverse_factor
from .alternating import chosen, rounds_of_work
from .pattern import Pattern

_COLUMNS = 128  # whose weights are compared with each other: those behind are mended before theirs are
_MOST_WORK = 4e11  # multiplications of a step; more would take longer than all else


def reconstructed(
    weights: np.ndarray, squares: np.ndarray, pattern: Pattern, share: float, row: int
) -> np.ndarray:
    """Return weights of which a share is zero, and whose products are as near as may be to those given.

    :param weights: (units, depth)
    :param squares: XᵀX of the inputs, damped, (depth, depth)
    :param row: how many columns stand beside each other in the model
    """
    asked = weights, squares, pattern, share, row
    is_small = rounds_of_work(weights) <= _MOST_WORK
    gone, mended = (chosen(*asked), None) if is_small else compensated(*asked)
    kept = (~gone).sum(axis=1, dtype=np.float64)
    if float((kept**3).sum()) / 3 > _MOST_WORK:
        return compensated(*asked)[1] if mended is None else mended
    return least_squares(weights, squares, gone)


def compensated(
    weights: np.ndarray, squares: np.ndarray, pattern: Pattern, share: float, row: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which weights go, chosen a few columns at a time, and what those behind them become."""
    left, factor = weights.astype(np.float64), inverse_factor(squares)
    gone = np.zeros(weights.shape, bool)
    for groups in _chunks(pattern.groups(weights.shape[1], row), 1 if pattern.of else _COLUMNS):
        start, stop = groups[0][0], groups[-1][1]
        scores = np.square(left[:, start:stop] / factor.diagonal()[start:stop])
        local = [(a - start, b - start) for a, b in groups]
        gone[:, start:stop] = pattern.removed(scores, local, share)
        for k in range(start, stop):
            lost = np.where(gone[:, k], left[:, k], 0.0) / factor[k, k]
            left[:, k + 1 :] -= lost[:, None] * factor[k, k + 1 :]
    return gone, np.where(gone, 0.0, left)


def _chunks(groups: list[tuple[int, int]], columns: int) -> list[list[tuple[int, int]]]:
    """Return groups in pieces of at least so many columns."""
    pieces: list[list[tuple[int, int]]] = []
    for group in groups:
        if not pieces or pieces[-1][-1][1] - pieces[-1][0][0] >= columns:
            pieces.append([])
        pieces[-1].append(group)
    return pieces


def least_squares(weights: np.ndarray, squares: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Return the kept weights that make up best for those that are gone.

    Of a unit w with kept places S: w'_S = A_SS⁻¹ (A w)_S, A = XᵀX
    """
    wanted = weights.astype(np.float64) @ squares
    if (gone == gone[0]).all():  # channels that no unit reads
        kept = np.flatnonzero(~gone[0])
        found = np.zeros(weights.shape)
        found[:, kept] = np.linalg.solve(squares[np.ix_(kept, kept)], wanted[:, kept].T).T
        return found
    found = np.where(gone, 0.0, weights)
    for unit, lost in enumerate(gone):
        kept = np.flatnonzero(~lost)
        if 0 < len(kept) < len(lost):
            found[unit, kept] = np.linalg.solve(squares[np.ix_(kept, kept)], wanted[unit, kept])
    return found
