"""A share of zeros of the whole model, shared out among its layers: those that can spare more lose more.

Minimize Σ e_l(s_l) where Σ n_l s_l is given: e_l is what a layer of n_l weights loses of what it gives at a
share s_l, measured on samples at some shares, and between them a power of the share.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..compress import Change, WeightLayer
from .asked import Pruning
from .reconstruct import compensated

_TRIED = np.array([0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
SHARES = np.linspace(0, 0.98, 99)
_UNITS = 64  # of a layer that are looked at: what the others lose is alike
_HALVINGS = 60


def watcher(wanted: Mapping[int, Pruning], losses: dict[int, np.ndarray]) -> Change:
    """Return what keeps, by the ``id`` of a layer, what it loses at each share of ``SHARES``."""

    def look(layer: WeightLayer, weights: np.ndarray, squares: np.ndarray) -> None:
        asked, step = wanted[id(layer)], -(-weights.shape[1] // _UNITS)
        some = weights[:, ::step]
        whole = max(float(((some @ squares) * some).sum()), 1e-300)
        tried = []
        for share in _TRIED:
            rows = zip(some, squares, strict=True)
            off = np.stack([w - compensated(w, a, asked.pattern, share, layer.row)[1] for w, a in rows])
            tried.append(float(((off @ squares) * off).sum()) / whole)
        losses[id(layer)] = _between(np.array(tried))

    return look


def _between(tried: np.ndarray) -> np.ndarray:
    """Return losses at all shares: between two that were tried, and below them, powers of the share."""
    logs = np.log(np.maximum.accumulate(np.maximum(tried, 1e-12)))
    at, below = np.log(np.maximum(SHARES, 1e-9)), np.log(_TRIED[0])
    first = logs[0] + 2 * (at - below)  # squares of the smallest weights
    found = np.exp(np.where(at < below, first, np.interp(at, np.log(_TRIED), logs)))
    return np.asarray(np.where(SHARES > 0, found, 0.0))


def shared_out(
    counts: Mapping[int, int], losses: Mapping[int, np.ndarray], share: float
) -> dict[int, float]:
    """Return the share of each layer, by its ``id``.

    :param counts: of the weights of each
    :param share: of all of them
    """
    low, high = 0.0, 1e6  # what a weight is worth
    for _ in range(_HALVINGS):
        worth = float(np.sqrt(max(low, 1e-18) * high))
        found = _at(counts, losses, worth)
        if sum(counts[i] * s for i, s in found.items()) < share * sum(counts[i] for i in found):
            low = worth
        else:
            high = worth
    return _at(counts, losses, high)


def _at(counts: Mapping[int, int], losses: Mapping[int, np.ndarray], worth: float) -> dict[int, float]:
    """Return the best shares where each weight that goes is worth so much."""
    return {i: float(SHARES[np.argmin(lost - worth * counts[i] * SHARES)]) for i, lost in losses.items()}
