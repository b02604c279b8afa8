"""Which channels the layers that read them can do without, one after the other, each time made up for.

Source: Hassibi and Stork, "Second order derivatives for network pruning: optimal brain surgeon", 1993, of
all columns S of a channel at once: without them a layer of weights W loses Σ W_S G W_Sᵀ, G = ((A⁻¹)_SS)⁻¹,
A = XᵀX; the others become W - W_S G (A⁻¹)_S, and A⁻¹ becomes A⁻¹ - (A⁻¹)_:S G (A⁻¹)_S.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import define

from ..shared_out import SHARES
from .positions import places_of

_AT_ONCE = 128  # of a group's channels, one more goes in each step for so many


@define(eq=False)
class Reader:
    """A layer that reads channels, as channels go."""

    units: np.ndarray  # the channel's label, of each column
    weights: np.ndarray  # (units, depth)
    inverse: np.ndarray  # of XᵀX, (depth, depth)
    whole: float  # what the layer gives: its squares

    @classmethod
    def of(cls, units: np.ndarray, weights: np.ndarray, squares: np.ndarray) -> Reader:
        whole = max(float(((weights @ squares) * weights).sum()), 1e-300)
        return cls(units, weights, np.linalg.inv(squares).astype(np.float32), whole)

    def copy(self) -> Reader:
        return Reader(self.units, self.weights.copy(), self.inverse.astype(np.float64), self.whole)

    def columns(self, units: Sequence[int]) -> np.ndarray:
        """Return where channels of one group are read, (channels, columns of each)."""
        return places_of(self.units, units)

    def losses(self, columns: np.ndarray) -> np.ndarray:
        """Return what is lost without each channel, as a share of what the layer gives."""
        g = np.linalg.inv(self.inverse[columns[:, :, None], columns[:, None, :]])
        w = self.weights[:, columns].transpose(1, 0, 2)  # (channels, units, columns)
        return np.asarray(((w @ g) * w).sum(axis=(1, 2)) / self.whole)

    def remove(self, columns: np.ndarray) -> None:
        """Let the other columns make up for some."""
        g = np.linalg.inv(self.inverse[np.ix_(columns, columns)]) @ self.inverse[columns]
        self.weights -= self.weights[:, columns] @ g
        self.inverse -= self.inverse[:, columns] @ g


def removal_order(readers: Sequence[Reader], units: Sequence[int]) -> tuple[list[int], np.ndarray]:
    """Return channels of one group in the order in which they go, and what is lost then in all.

    Nothing where no reader reads them.
    """
    some = [reader.copy() for reader in readers if np.isin(reader.units, units[:1]).any()]
    if not some:
        return [], np.zeros(0)
    places = [reader.columns(units) for reader in some]
    left, order, lost = np.arange(len(units)), [], [0.0]
    while len(left):
        losses = np.sum([r.losses(c[left]) for r, c in zip(some, places, strict=True)], axis=0)
        chosen = np.argsort(losses, kind="stable")[: 1 + len(units) // _AT_ONCE]
        for reader, columns in zip(some, places, strict=True):
            reader.remove(columns[left[chosen]].reshape(-1))
        order += [units[i] for i in left[chosen]]
        lost += list(lost[-1] + np.cumsum(losses[chosen]))
        left = np.delete(left, chosen)
    return order, np.array(lost)


def by_share(lost: np.ndarray) -> np.ndarray:
    """Return what is lost without each of ``SHARES`` of a group's channels."""
    return np.asarray(np.interp(SHARES, np.linspace(0, 1, len(lost)), lost))
