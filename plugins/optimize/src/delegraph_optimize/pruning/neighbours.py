"""Which channels stand beside each other, so that M of N neighbours go and little is lost.

Two channels change places, the best two first, as long as less is lost; then some are shuffled and it
begins again, a few times. What a change gives is known of all pairs at once: where the M lowest of N scores
go, the group of p loses with q in its place, of the scores of the N - 1 others,

    the sum of the M - 1 lowest + min(q, the M-th lowest)

Source: Pool and Yu, "Channel permutations for N:M sparsity", NeurIPS 2021 (one order for all that read the
channels, found by changes of places, and a shuffle where none helps).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import define, frozen

from .pattern import Pattern

MOST_CHANNELS = 4096  # of more, all pairs have no room
_MOST_WORK = 4e8  # comparisons for all pairs; of layers with more, some units stand for all
_FEWEST_UNITS = 16
_SHUFFLES = 8  # at most, and as many as that work allows
_SHUFFLED = 0.1  # of the channels
_MOST_ROUNDS = 1000  # some 20 are enough
_LEAST = 1e-6  # of what is lost: less is rounding


@define(eq=False)
class Read:
    """A layer that reads channels and is to lose weights of them."""

    scores: np.ndarray  # what each weight counts for, (units, depth), as they stand now
    columns: np.ndarray  # where each channel is read, (channels, columns of each)
    pattern: Pattern
    row: int  # how many columns stand beside each other in the model

    def moved(self, order: np.ndarray) -> Read:
        """Return it with another channel in each place."""
        scores = self.scores.copy()
        scores[:, self.columns.reshape(-1)] = self.scores[:, self.columns[order].reshape(-1)]
        return Read(scores, self.columns, self.pattern, self.row)

    def some(self, units: int) -> Read:
        """Return it with so many units at most."""
        step = max(-(-len(self.scores) // units), 1)
        return Read(step * self.scores[::step], self.columns, self.pattern, self.row)


def best_order(reads: Sequence[Read], seed: int = 0) -> np.ndarray:
    """Return which channel is to stand in each place."""
    channels, rng = len(reads[0].columns), np.random.default_rng(seed)
    lanes = sum(read.columns.shape[1] for read in reads)
    reads = [read.some(max(int(_MOST_WORK / channels**2 / lanes), _FEWEST_UNITS)) for read in reads]
    work = channels**2 * sum(len(read.scores) * read.columns.shape[1] for read in reads)
    best = np.arange(channels)
    least = given = sum(map(_lost, reads))
    for attempt in range(1 + min(_SHUFFLES, int(_MOST_WORK / work))):
        order = best.copy()
        if attempt:
            places = rng.permutation(channels)[: max(int(_SHUFFLED * channels), min(channels, 4))]
            order[places] = order[rng.permutation(places)]
        order = _Changes.of([read.moved(order) for read in reads], order).descend()
        lost = sum(_lost(read.moved(order)) for read in reads)
        if lost < least - _LEAST * given:
            best, least = order, lost
    return best


def _lost(read: Read) -> float:
    return sum(float(found.lost.sum()) for found in _neighbours(read, None))


@frozen(eq=False)
class _Neighbours:
    """Groups of neighbours of one size, and what they lose."""

    columns: np.ndarray  # (groups, size)
    lost: np.ndarray  # (groups,)
    rest: np.ndarray  # with another in a column's place, what the others lose for sure
    least: np.ndarray  # (groups, size, units), and the most that is lost of it and them besides


def _neighbours(read: Read, some: np.ndarray | None) -> list[_Neighbours]:
    """Return the groups of a layer, or those that hold some columns."""
    groups = np.array(read.pattern.groups(read.scores.shape[1], read.row))
    if some is not None:
        groups = groups[np.unique(np.searchsorted(groups[:, 1], some, side="right"))]
    sizes = groups[:, 1] - groups[:, 0]
    return [_of_size(read, groups[sizes == size, :1] + np.arange(size)) for size in np.unique(sizes)]


def _of_size(read: Read, columns: np.ndarray) -> _Neighbours:
    size = columns.shape[1]
    gone = max(size - (read.pattern.of - read.pattern.zeros), 0)
    scores = read.scores.T[columns]  # (groups, size, units)
    if not gone:
        return _Neighbours(columns, np.zeros(len(columns)), np.zeros(columns.shape), np.zeros_like(scores))
    order = np.argsort(scores, axis=1, kind="stable")
    ranked, goes = np.take_along_axis(scores, order, axis=1), np.zeros(scores.shape, bool)
    np.put_along_axis(goes, order[:, :gone], True, axis=1)
    lost, last, next_one = ranked[:, :gone].sum(axis=1), ranked[:, gone - 1], ranked[:, gone]
    rest = np.where(goes, lost[:, None] - scores, (lost - last)[:, None])
    least = np.where(goes, next_one[:, None], last[:, None])
    return _Neighbours(columns, lost.sum(axis=1), rest.sum(axis=2), least)


@define(eq=False)
class _Changes:
    """What is lost where the channels of two places change theirs."""

    reads: list[Read]
    order: np.ndarray  # the channel in each place
    beside: np.ndarray  # whether two places are of one group anywhere, (places, places)
    own: np.ndarray  # what the groups of a place lose
    instead: np.ndarray  # what they lose with the channel of another place in it, (places, places)

    @classmethod
    def of(cls, reads: list[Read], order: np.ndarray) -> _Changes:
        places = len(order)
        beside = np.zeros((places, places), bool)
        for read in reads:
            ends = np.array(read.pattern.groups(read.scores.shape[1], read.row))[:, 1]
            held = np.searchsorted(ends, read.columns.reshape(-1), side="right")
            sorted_by = np.argsort(held, kind="stable")
            held, place = held[sorted_by], sorted_by // read.columns.shape[1]
            for apart in range(min(read.pattern.of, len(held))):
                same = held[apart:] == held[: len(held) - apart]
                pairs = place[apart:][same], place[: len(held) - apart][same]
                beside[pairs] = beside[pairs[::-1]] = True
        made = cls(reads, order, beside, np.zeros(places), np.zeros((places, places), np.float32))
        made._look(np.arange(places))
        return made

    def descend(self) -> np.ndarray:
        """Change places as long as less is lost; return the channel in each."""
        least = -_LEAST * float(self.own.sum())
        for _ in range(_MOST_ROUNDS):
            gains = self.instead + self.instead.T - (self.own[:, None] + self.own)
            gains[self.beside] = 0
            others = gains.argmin(axis=1)
            best = gains[np.arange(len(others)), others]
            touched = np.zeros(len(others), bool)
            for one in np.argsort(best, kind="stable"):
                other = others[one]
                if best[one] >= least:
                    break
                if not (touched[one] or touched[other]):
                    self._change(one, other)
                    touched |= self.beside[one] | self.beside[other]
            if not touched.any():
                break
            self._look(np.flatnonzero(touched))
        return self.order

    def _change(self, one: int, other: int) -> None:
        pair, swapped = [one, other], [other, one]
        self.order[pair] = self.order[swapped]
        self.instead[:, pair] = self.instead[:, swapped]
        for read in self.reads:
            here, there = read.columns[one], read.columns[other]
            read.scores[:, here], read.scores[:, there] = read.scores[:, there], read.scores[:, here]

    def _look(self, places: np.ndarray) -> None:
        """Look at the groups of some places again."""
        self.own[places] = self.instead[places] = 0
        for read in self.reads:
            of_column = np.full(read.scores.shape[1], -1)
            of_column[read.columns[places].reshape(-1)] = np.repeat(places, read.columns.shape[1])
            lane = np.zeros(read.scores.shape[1], int)
            lane[read.columns] = np.arange(read.columns.shape[1])
            comes = [np.ascontiguousarray(read.scores[:, columns].T) for columns in read.columns.T]
            for found in _neighbours(read, np.sort(read.columns[places].reshape(-1))):
                for group, member in np.argwhere(of_column[found.columns] >= 0):
                    column = found.columns[group, member]
                    place, lost = of_column[column], found.least[group, member]
                    self.own[place] += found.lost[group]
                    self.instead[place] += found.rest[group, member]
                    self.instead[place] += np.minimum(comes[lane[column]], lost).sum(axis=1)
