"""Where zeros may be: anywhere, in blocks, or so many in each row of neighbours."""

from __future__ import annotations

import re

import numpy as np
from attrs import frozen
from delegraph import InputError

_BLOCK, _RATIO = re.compile(r"block:(\d+)x(\d+)"), re.compile(r"(\d+):(\d+)")
_NEEDS = "unstructured, block:HxW (units x inputs) or M:N (M zeros in N inputs), of sizes from 1 to 1024"
_MOST = 1024  # of a block's side


@frozen
class Pattern:
    """Where zeros of a matrix (units, depth) may be."""

    height: int = 1  # of a block that is zero, or is not: units
    width: int = 1  # its inputs
    zeros: int = 0  # so many in each ``of`` inputs; 0: as many as the sparsity says
    of: int = 0

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Read ``unstructured``, ``block:4x1`` or ``2:4``.

        :raises InputError: it is none of these
        """
        if text == "unstructured":
            return cls()
        block, ratio = _BLOCK.fullmatch(text), _RATIO.fullmatch(text)
        sizes = [int(n) for n in (block or ratio).groups()] if block or ratio else [0]  # type: ignore[union-attr]
        if not 1 <= min(sizes) <= max(sizes) <= _MOST or (ratio and sizes[0] >= sizes[1]):
            raise InputError(f"pattern needs {_NEEDS}, found {text!r}")
        return cls(*sizes) if block else cls(zeros=sizes[0], of=sizes[1])

    def __str__(self) -> str:
        if self.of:
            return f"{self.zeros}:{self.of}"
        return "unstructured" if self.height == self.width == 1 else f"block:{self.height}x{self.width}"

    def groups(self, depth: int, row: int) -> list[tuple[int, int]]:
        """Return the columns that are chosen together, as ends; none reaches from one row into the next."""
        width = self.of or self.width
        starts = [
            (r + at, r + min(at + width, row)) for r in range(0, depth, row) for at in range(0, row, width)
        ]
        return starts

    def removed(self, scores: np.ndarray, groups: list[tuple[int, int]], share: float) -> np.ndarray:
        """Return which weights become zero: those of the lowest scores.

        :param scores: (units, depth), what it costs to remove each
        :param groups: columns, from 0, as :meth:`groups` gives them
        :param share: of the blocks that go; of M:N, the pattern says it
        """
        if self.of:
            return self._of_each(scores, groups)
        if self.height == self.width == 1:
            return _lowest(scores, share)
        costs, starts = _block_means(scores, self.height, groups)
        gone = np.repeat(_lowest(costs, share), self.height, axis=0)[: len(scores)]
        return np.repeat(gone, np.diff([*starts, scores.shape[1]]), axis=1)

    def _of_each(self, scores: np.ndarray, groups: list[tuple[int, int]]) -> np.ndarray:
        """Keep at most ``of - zeros`` of each group."""
        gone = np.zeros(scores.shape, bool)
        for start, stop in groups:
            lowest = np.argsort(scores[:, start:stop], axis=1, kind="stable")
            count = max(stop - start - (self.of - self.zeros), 0)
            np.put_along_axis(gone[:, start:stop], lowest[:, :count], True, axis=1)
        return gone


def _lowest(costs: np.ndarray, share: float) -> np.ndarray:
    """Return where the lowest of costs are, a share of them all."""
    count = round(share * costs.size)
    gone = np.zeros(costs.size, bool)
    gone[np.argsort(costs, axis=None, kind="stable")[:count]] = True
    return gone.reshape(costs.shape)


def _block_means(
    scores: np.ndarray, height: int, groups: list[tuple[int, int]]
) -> tuple[np.ndarray, list[int]]:
    """Return the mean of each block, (blocks of units, groups), and the first column of each group."""
    starts = [start for start, _ in groups]
    tops = list(range(0, len(scores), height))
    sums = np.add.reduceat(np.add.reduceat(scores, starts, axis=1), tops, axis=0)
    sizes = np.outer(np.diff([*tops, len(scores)]), [stop - start for start, stop in groups])
    return sums / sizes, starts
