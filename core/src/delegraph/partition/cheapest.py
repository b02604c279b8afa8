"""The policy ``cost``: give each op to the delegate with which a run is estimated to take least.

What ops take, and what handing over takes, is least where a sum of tables is (:mod:`.elimination`); what
each partition takes besides depends on how ops group, so that several answers are cut up and estimated:
those for different weights of a launch, what ``greedy`` does, each delegate before all others, and the best
of these with whole partitions moved. Of few assignments, all are tried.

A plan that is there for its estimate alone, or that cuts a run up more than ``greedy`` does, has to win by
more than estimates are off: else it is what ``greedy`` does, or a delegate before all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from math import prod

import numpy as np

from ..contract import NOBODY, Delegate, Refusal
from ..model import CORE_OPS
from ..text import time_text
from ..values import evolve, field, frozen
from .elimination import Term, least
from .estimate import CUT, Crossing, TimeEstimate, crossings, spent
from .greedy import Cut, Work, cut_up
from .groups import Group

ALL = 1024  # assignments that are all tried
LAUNCH_WEIGHTS = (1.0, 0.0, 0.4)
MANY_OPS = 20_000  # from here on fewer answers are tried: each takes half a second or more
MOVES, MOVED_OPS = 200, 100_000  # at most: moves of partitions, and ops estimated for them

Label = Delegate | None  # None: core, or nobody
Assignment = Sequence[Label]  # by the position of an op


@frozen(eq=False)
class Solution:
    """An assignment, and what becomes of it when it is cut up."""

    name: str
    assignment: Assignment = field(repr=False)
    cut: Cut = field(repr=False)
    estimate: TimeEstimate
    left_over: int  # ops that nobody runs
    launches: int  # of partitions
    work: Work = field(repr=False)  # with the refusals met

    @property
    def rank(self) -> tuple[int, float]:
        """What sorts first is better."""
        return self.left_over, self.estimate.seconds


def cheapest(work: Work) -> Cut:
    """Give each op to the delegate with which a run is estimated to take least."""
    problem = _Problem(work)
    alternatives = list(problem.alternatives())
    greedy = alternatives[0]
    plain = min((a for a in alternatives if a.launches <= greedy.launches), key=lambda a: a.rank)
    best = problem.moved(min((*alternatives, *problem.answers(alternatives)), key=lambda a: a.rank))
    doubt = max((model.doubt for model in work.models.values()), default=0.0)
    is_sure = best.rank < (plain.left_over, (1 - doubt) * plain.estimate.seconds)
    chosen = best if is_sure else plain
    work.estimates.update({a.name: a.estimate for a in alternatives})
    work.estimates["cost"] = chosen.estimate
    work.refusals.update(chosen.work.refusals)
    problem.explain(chosen)
    return chosen.cut


class _Problem:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._ops = work.graph.ops
        self._delegates = list(work.delegates)
        self._place = {d: i for i, d in enumerate(self._delegates)}
        self._tensors = crossings(work.graph, work.kept)
        self._asked = evolve(work, refusals={})  # all refusals of all delegates
        self._takers: list[dict[Delegate, float]] = [  # who takes an op, in order, and in what time
            {}
            if op.name in CORE_OPS
            else {d: work.models[d].op(op) for d in self._delegates if self._asked.takes(d, op)}
            for op in self._ops
        ]
        self._fewest = len(self._ops) > MANY_OPS

    def alternatives(self) -> Iterator[Solution]:
        """Yield what there is without estimates: ``greedy``, and each delegate before all others."""
        yield self.answer("greedy", [next(iter(takers), None) for takers in self._takers])
        for d in self._delegates[1:]:
            yield self.answer(d.label, [d if d in t else next(iter(t), None) for t in self._takers])

    def answers(self, alternatives: Sequence[Solution]) -> Iterator[Solution]:
        """Yield answers that were chosen by their estimates."""
        if prod(len(t) or 1 for t in self._takers[:ALL]) <= ALL and len(self._ops) <= ALL:
            every = product(*(tuple(t) or (None,) for t in self._takers))
            yield from (self.answer("cost", assignment) for assignment in every)
            return
        given = min(alternatives, key=lambda a: a.rank).assignment
        for weight in LAUNCH_WEIGHTS[: 1 if self._fewest else None]:
            yield self.answer(
                "cost", _HandOverTables(self._takers, self._work, self._tensors, weight).least(given)
            )

    def moved(self, best: Solution) -> Solution:
        """Return the best answer that moving whole partitions to other delegates leads to."""
        left = 0 if self._fewest else min(MOVES, MOVED_OPS // (len(self._ops) or 1))
        while True:
            moves = list(islice(self._moves(best), left))
            left -= len(moves)
            better = min((best, *(self.answer("cost", a) for a in moves)), key=lambda a: a.rank)
            if better is best:
                return best
            best = better

    def answer(self, name: str, assignment: Assignment) -> Solution:
        work = evolve(self._work, refusals={})

        def wants(delegate: Delegate, position: int) -> bool:
            takers, chosen = self._takers[position], assignment[position]
            if delegate not in takers:
                op = self._ops[position]
                work.refuse(delegate, op, self._asked.refusals[op.index][delegate.label])
                return False
            return chosen is not None and self._place[chosen] <= self._place[delegate]

        order, owners = cut_up(work, wants)
        by_op: list[Label] = [owners[position].delegate for position in range(len(self._ops))]
        launched = [d for unit in order if (d := owners[unit[0]].delegate) is not None]
        took = [t[d] for d, t in zip(by_op, self._takers, strict=True) if d is not None]
        spends = spent(took, self._tensors, by_op, launched, work.models)
        left_over = sum(owner.label == NOBODY for owner in owners.values())
        return Solution(name, by_op, (order, owners), spends, left_over, len(launched), work)

    def explain(self, best: Solution) -> None:
        """Say of each op that a delegate takes, and another one runs, why."""
        order, owners = best.cut
        for unit in order:
            owner = owners[unit[0]].delegate
            if owner is not None:
                for delegate in self._delegates[: self._place[owner]]:
                    self._explain(delegate, owner, unit)

    def _explain(self, delegate: Delegate, owner: Delegate, unit: Group) -> None:
        known = self._work.refusals
        ops, takers = self._ops, self._takers
        left = [
            p for p in unit if delegate in takers[p] and delegate.label not in known.get(ops[p].index, {})
        ]
        if not left:
            return
        wins = sum(takers[p][owner] - takers[p][delegate] for p in left)
        why = f"left to {owner.label}: "
        if wins > 0:
            why += f"handing over costs more than it wins ({time_text(wins)})"
        else:
            why += f"it takes {time_text(-wins)} less there" if wins else "it takes no longer there"
        for p in left:
            self._work.refuse(delegate, ops[p], [Refusal("a place where it saves time", why, kind="cost")])

    def _moves(self, answer: Solution) -> Iterator[Assignment]:
        order, owners = answer.cut
        for unit in sorted(order, key=len):
            owner = owners[unit[0]].delegate
            others = {d for p in unit for d in self._takers[p]} - {owner}
            for d in sorted(others, key=self._place.__getitem__):
                moved = list(answer.assignment)
                for p in unit:
                    if d in self._takers[p]:
                        moved[p] = d
                yield moved


class _HandOverTables:
    """The terms of what ops take and what handing over takes."""

    def __init__(
        self,
        takers: Sequence[Mapping[Delegate, float]],
        work: Work,
        tensors: Iterable[Crossing],
        launch_weight: float,
    ) -> None:
        self._models, self._weight = work.models, launch_weight
        self._labels: list[tuple[Label, ...]] = [tuple(t) or (None,) for t in takers]
        free = [p for p, labels in enumerate(self._labels) if len(labels) > 1]
        self._variable = {p: v for v, p in enumerate(free)}
        self._without: dict[tuple[tuple[Label, ...], tuple[Label, ...]], np.ndarray] = {}
        self._sizes = [len(self._labels[p]) for p in free]
        self._terms = [Term((v,), np.array(list(takers[p].values()))) for p, v in self._variable.items()]
        for tensor in tensors:
            self._add(tensor)

    def least(self, given: Assignment) -> Assignment:
        """Return the assignment for which they are least.

        :param given: what those ops keep whose neighborhood is too wide.
        """
        known = [self._labels[p].index(given[p]) for p in self._variable]
        known += [-1] * (len(self._sizes) - len(known))  # all delegates may have it
        found = least(self._sizes, self._terms, known)
        return [
            self._labels[p][found[self._variable[p]] if p in self._variable else 0]
            for p in range(len(self._labels))
        ]

    def _add(self, tensor: Crossing) -> None:
        free = [r for r in tensor.readers if r in self._variable]
        always: set[Label] = {self._labels[r][0] for r in tensor.readers if r not in self._variable}
        if tensor.is_read_after:
            always.add(None)
        makers: tuple[Label, ...] = (None,) if tensor.maker is None else self._labels[tensor.maker]
        axes = [self._variable[tensor.maker]] if tensor.maker in self._variable else []
        if len(free) > 1:
            variable, sets = self._who_has_it(free)
            axes.append(variable)
        elif free:
            sets = [{d} for d in self._labels[free[0]]]
            axes.append(self._variable[free[0]])
        else:
            sets = [set()]
        if axes:
            costs = np.array([[self._handed(tensor.nbytes, m, always | s) for s in sets] for m in makers])
            self._terms.append(Term(tuple(axes), costs.reshape([self._sizes[v] for v in axes])))

    def _who_has_it(self, readers: Sequence[int]) -> tuple[int, list[set[Label]]]:
        """Return a new variable, the set of delegates that have a tensor, and its labels: all such sets."""
        wanted = list(dict.fromkeys(d for r in readers for d in self._labels[r]))
        sets: list[set[Label]] = [
            {d for i, d in enumerate(wanted) if n >> i & 1} for n in range(1 << len(wanted))
        ]
        variable = len(self._sizes)
        self._sizes.append(len(sets))
        for r in readers:
            key = (self._labels[r], tuple(wanted))
            if key not in self._without:
                without = [[np.inf if d not in s else 0.0 for s in sets] for d in self._labels[r]]
                self._without[key] = np.array(without)
            self._terms.append(Term((self._variable[r], variable), self._without[key]))
        return variable, sets

    def _handed(self, nbytes: int, maker: Label, readers: set[Label]) -> float:
        others = readers - {maker}
        took = 0.0 if maker is None or not others else self._models[maker].handed_out(nbytes)
        for d in others:
            if d is not None:
                took += self._models[d].handed_in(nbytes) + self._weight * (self._models[d].launch + CUT)
        return took
