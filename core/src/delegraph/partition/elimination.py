"""The labels of variables for which a sum of tables is least.

Variables are eliminated one after the other, the one with the fewest neighbors first: the least sum over
its labels is a table of its neighbors, and once these have labels, it gets its own. That is exact for any
number of labels, and linear for graphs that are narrow, as those of models are: chains, branches that join
again, many heads. For two delegates it is the minimum cut. Where a table would be too large, a variable
keeps the label that it is given.

Source: Bertelè and Brioschi, Nonserial Dynamic Programming (1972); Dechter, Bucket Elimination (1999).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np

from ..values import frozen

LARGEST = 1 << 10  # entries of a table


@frozen(eq=False)
class Term:
    """What a choice of labels costs: a table with an axis for each of some variables."""

    variables: tuple[int, ...]
    table: np.ndarray


def least(
    sizes: Sequence[int], terms: Sequence[Term], given: Sequence[int], largest: int = LARGEST
) -> list[int]:
    """Return a label for each variable so that the sum of all terms is least.

    :param sizes: how many labels each variable has.
    :param given: the labels of those variables that cannot be eliminated.
    :param largest: entries that a table may have.
    """
    elimination = _Elimination(sizes, terms, given, largest)
    elimination.run()
    return elimination.labels()


class _Elimination:
    def __init__(
        self, sizes: Sequence[int], terms: Sequence[Term], given: Sequence[int], largest: int
    ) -> None:
        self._sizes, self._given, self._largest = sizes, given, largest
        self._alone = [np.zeros(n) for n in sizes]  # the terms of one variable, together
        self._terms: dict[int, Term] = {}
        self._count = 0
        self._of: list[set[int]] = [set() for _ in sizes]  # terms of several variables, by variable
        self._found: list[tuple[int, tuple[int, ...], np.ndarray]] = []  # best labels by those of others
        for term in terms:
            self._put(term)

    def run(self) -> None:
        waiting = [(self._degree(v), v) for v in range(len(self._sizes))]
        heapq.heapify(waiting)
        done = [False] * len(self._sizes)
        while waiting:
            known, v = heapq.heappop(waiting)
            if done[v]:
                continue
            neighbors = self._neighbors(v)
            if len(neighbors) > known:
                heapq.heappush(waiting, (len(neighbors), v))
                continue
            if self._size(v, neighbors) > self._largest:
                v = max((v, *neighbors), key=self._degree)
                neighbors = self._neighbors(v)
                self._fix(v)
            else:
                self._eliminate(v, neighbors)
            done[v] = True
            for u in neighbors:
                heapq.heappush(waiting, (self._degree(u), u))

    def labels(self) -> list[int]:
        found = list(self._given)
        for v, others, best in reversed(self._found):
            found[v] = int(best[tuple([found[u] for u in others])])
        return found

    def _neighbors(self, v: int) -> tuple[int, ...]:
        others = {u for number in self._of[v] for u in self._terms[number].variables}
        others.discard(v)
        return tuple(others)

    def _degree(self, v: int) -> int:
        """Return how many neighbors a variable has at the most; those of several terms count for each."""
        return sum([len(self._terms[number].variables) for number in self._of[v]]) - len(self._of[v])

    def _size(self, v: int, others: Sequence[int]) -> int:
        size = self._sizes[v]
        for u in others:
            size *= self._sizes[u]
        return size

    def _eliminate(self, v: int, others: tuple[int, ...]) -> None:
        scope = (*others, v)
        total = self._alone[v]
        for number in tuple(self._of[v]):
            total = total + _stretched(self._take(number), scope)
        self._found.append((v, others, total.argmin(axis=-1)))
        if others:
            self._put(Term(others, np.minimum.reduce(total, axis=-1)))

    def _fix(self, v: int) -> None:
        label = self._given[v]
        for number in tuple(self._of[v]):
            term = self._take(number)
            at = term.variables.index(v)
            rest = term.variables[:at] + term.variables[at + 1 :]
            self._put(Term(rest, term.table.take(label, axis=at)))

    def _take(self, number: int) -> Term:
        term = self._terms.pop(number)
        for v in term.variables:
            self._of[v].discard(number)
        return term

    def _put(self, term: Term) -> None:
        if len(term.variables) == 1:
            self._alone[term.variables[0]] = self._alone[term.variables[0]] + term.table
            return
        self._terms[self._count] = term
        for v in term.variables:
            self._of[v].add(self._count)
        self._count += 1


def _stretched(term: Term, scope: tuple[int, ...]) -> np.ndarray:
    """Return a term's table with the axes of a scope, those that it lacks of length 1."""
    variables, table = term.variables, term.table
    if variables == scope:
        return table
    places = [scope.index(v) for v in variables]
    order = sorted(range(len(places)), key=places.__getitem__)
    sizes = [1] * len(scope)
    for place, size in zip(places, table.shape, strict=True):
        sizes[place] = size
    return np.reshape(table.transpose(order), sizes)
