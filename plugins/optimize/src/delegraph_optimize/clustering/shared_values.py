"""Weights of a layer from a few values: the nearest, or so that on samples the products stay what they are.

Source of the second: GPTQ (Frantar et al., 2023) with values in place of integers; then the least squares
of the values while each weight keeps the one that it has.

Values are (rows, values): a row for all units, or one for each; the last of a row stands there again where
it has fewer.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from ..improve.gptq import inverse_factor
from .kmeans import centroids_of, nearest

_ROUNDS = 3  # in which weights get their values, and the values move
_FLAT = 1e-6  # of the mean of the diagonal, added to it: what few weights have stays near what it was
_MOST_WORK = 2e9  # additions of a fit of values; of more, some units say what they are


@frozen
class Clustering:
    """How many values weights are to have."""

    clusters: int
    per: str = "tensor"  # or "channel": each unit has its own
    start: str = "kmeans++"
    keep_zeros: bool = False

    def by_size(self, matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return each weight of (units, depth) as the nearest of the values that fit them best."""
        zeros, found = matrix == 0, np.empty(matrix.shape)
        for rows in self.rows(matrix):
            values = self.values(matrix[rows], zeros[rows], None, rng)
            found[rows] = values[nearest(matrix[rows], values)]
        return np.where(zeros, 0.0, found) if self.keep_zeros else found

    def on_samples(
        self, weights: np.ndarray, squares: np.ndarray, zeros: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return weights of few values whose products are as near as may be to those given.

        :param weights: (groups, units, depth)
        :param squares: XᵀX of the inputs, damped: (groups, depth, depth)
        :param zeros: which weights are zero in the model
        """
        fixed = zeros & self.keep_zeros
        values = self._first(np.where(fixed, 0.0, weights), squares, fixed, rng)
        best, least = weights, np.inf
        for _ in range(_ROUNDS):
            places = _compensated(weights, squares, values, fixed)
            values = self._fitted(weights, squares, places, values)
            made = _made(values, places)
            lost = float((((made - weights) @ squares) * (made - weights)).sum())
            if lost < least:
                best, least = made, lost
        return best

    def rows(self, matrix: np.ndarray) -> list[slice]:
        """Return the units that share their values."""
        count = len(matrix)
        return [slice(i, i + 1) for i in range(count)] if self.per == "channel" else [slice(0, count)]

    def values(
        self, matrix: np.ndarray, zeros: np.ndarray, weigh: np.ndarray | None, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the values that fit weights best, in order."""
        keep = self.keep_zeros and bool(zeros.any())
        return centroids_of(matrix, self.clusters, self.start, rng, weigh, keep)

    def _first(
        self, weights: np.ndarray, squares: np.ndarray, fixed: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return values that fit weights best, each as much as what it multiplies is large."""
        depth = weights.shape[2]
        weigh = np.broadcast_to(np.diagonal(squares, axis1=1, axis2=2)[:, None], weights.shape)
        flat, counts, gone = (a.reshape(-1, depth) for a in (weights, weigh, fixed))
        found = [self.values(flat[r], gone[r], counts[r], rng) for r in self.rows(flat)]
        most = max(map(len, found))
        return np.stack([np.concatenate([v, np.repeat(v[-1:], most - len(v))]) for v in found])

    def _fitted(
        self, weights: np.ndarray, squares: np.ndarray, places: np.ndarray, values: np.ndarray
    ) -> np.ndarray:
        """Return the values of the least squares, where each weight has the one of its place.

        Of units w with places P (depth, values): (Σ Pᵀ A P) v = Σ Pᵀ A w, A = XᵀX
        """
        wanted, found = weights @ squares, values.copy()
        units = [(g, u) for g in range(len(weights)) for u in range(weights.shape[1])]
        for row, shared in enumerate(self.rows(np.empty((len(units), 0)))):
            some = units[shared]
            step = -(-len(some) * weights.shape[2] ** 2 // int(_MOST_WORK))
            sums = np.zeros((values.shape[1], values.shape[1] + 1))
            for g, u in some[:: max(int(step), 1)]:
                _add(sums, squares[g], places[g, u], wanted[g, u])
            found[row] = _solved(sums, values[row], self.keep_zeros)
        return np.asarray(found)


def _compensated(
    weights: np.ndarray, squares: np.ndarray, values: np.ndarray, fixed: np.ndarray
) -> np.ndarray:
    """Return the place of each weight's value: what one loses, those of the columns behind make up for.

    Weights that are ``fixed`` are zero, and get the value zero.
    """
    groups, units, depth = weights.shape
    places, zero = np.empty(weights.shape, np.int64), np.argmin(np.abs(values), axis=1)
    per_unit = np.broadcast_to(values, (groups * units, values.shape[1])).reshape(groups, units, -1)
    zeros = np.broadcast_to(zero, groups * units).reshape(groups, units)
    for g in range(groups):
        order = np.argsort(-squares[g].diagonal(), kind="stable")
        left, factor = weights[g][:, order].copy(), inverse_factor(squares[g][np.ix_(order, order)])
        for k in range(depth):
            near = np.abs(left[:, k, None] - per_unit[g]).argmin(axis=1)
            near = np.where(fixed[g][:, order[k]], zeros[g], near)
            stored = np.take_along_axis(per_unit[g], near[:, None], axis=1)[:, 0]
            lost = (left[:, k] - stored) / factor[k, k]
            left[:, k + 1 :] -= lost[:, None] * factor[k, k + 1 :]
            places[g][:, order[k]] = near
    return places


def _made(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    groups, units, depth = places.shape
    per_unit = np.broadcast_to(values, (groups * units, values.shape[1]))
    return np.take_along_axis(per_unit, places.reshape(-1, depth), axis=1).reshape(places.shape)


def _add(sums: np.ndarray, squares: np.ndarray, places: np.ndarray, wanted: np.ndarray) -> None:
    """Add Pᵀ A P and, as the last column, Pᵀ A w of one unit."""
    order = np.argsort(places, kind="stable")
    there, starts = np.unique(places[order], return_index=True)
    folded = np.add.reduceat(squares[order], starts, axis=0)
    sums[np.ix_(there, there)] += np.add.reduceat(folded[:, order], starts, axis=1)
    sums[there, -1] += np.add.reduceat(wanted[order], starts)


def _solved(sums: np.ndarray, values: np.ndarray, keep_zeros: bool) -> np.ndarray:
    """Return the values that solve the sums; those that no weight has stay, as does a zero that is kept."""
    free = np.flatnonzero((sums.diagonal() > 0) & ~((values == 0) & keep_zeros))
    found = values.copy()
    if len(free):
        square, flat = sums[np.ix_(free, free)], _FLAT * sums.diagonal().mean()
        wanted = sums[free, -1] + flat * values[free]
        found[free] = np.linalg.solve(square + flat * np.eye(len(free)), wanted)
    return np.asarray(found)
