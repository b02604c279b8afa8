"""The counters of loops: what they can be inside, and how often a loop will run.

A counter is a loop variable to which each round adds the same. The condition of a loop is taken apart into
comparisons of such variables: ``i < 200 and j < n``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from ..model import RANDOM_OPS, Graph, Op, Tensor, is_core_op
from ..values import frozen
from .linear import Known, Linear, Range, Unknown, fits

# What an op says of its operands: (the smaller, the larger, how much smaller it is at least)
_COMPARISONS = {
    "GREATER": (1, 0, 1),
    "GREATER_EQUAL": (1, 0, 0),
    "LESS": (0, 1, 1),
    "LESS_EQUAL": (0, 1, 0),
}


@frozen
class Inequality:
    """low + gap <= high"""

    low: Linear
    high: Linear
    gap: int

    @property
    def excess(self) -> Linear:
        """What must not be above 0."""
        return self.low - self.high + Linear(self.gap)


@frozen
class Rounds:
    """How often a loop runs, which the values of its counters say before it begins."""

    # By place among the loop's variables: what each round adds, and the type.
    counters: dict[int, tuple[int, str]]
    comparisons: tuple[Inequality, ...]  # of unknowns (place, 0); all must hold for another round

    def count(self, values: Callable[[int], int]) -> int | None:
        """Return how many rounds there will be; None if that is not sure: one overflows, or none ends.

        :param values: returns what a variable is before the loop, by its place.
        """
        start = {place: values(place) for place in self.counters}
        count = min(self._holds(c.excess, start) for c in self.comparisons)
        if count is math.inf:
            return None
        rounds = int(count)
        end = {place: v + rounds * self.counters[place][0] for place, v in start.items()}
        return rounds if self._fits(start) and self._fits(end) else None

    def _holds(self, excess: Linear, start: dict[int, int]) -> float:
        """Return for how many rounds in a row something is not above 0."""
        first = excess.constant + sum(f * start[place] for (place, _), f in excess.terms)
        slope = sum(f * self.counters[place][0] for (place, _), f in excess.terms)
        if first > 0:
            return 0
        return math.inf if slope <= 0 else -first // slope + 1

    def _fits(self, values: dict[int, int]) -> bool:
        """Say whether a run can hold the counters, and what is compared, at these values."""
        ranges = {(place, 0): Range(v, v) for place, v in values.items()}
        sides = [side.range(ranges) for c in self.comparisons for side in (c.low, c.high)]
        return all(map(fits, sides)) and all(
            fits(ranges[place, 0], dtype) for place, (_, dtype) in self.counters.items()
        )


def rounds_of(cond: Graph, body: Graph) -> Rounds | None:
    """Return how often a loop runs as far as its subgraphs show it; None if they do not.

    :param cond: and ``body``: with shapes propagated. The condition must have no effects.
    """
    if any(is_core_op(op.name) or op.name in RANDOM_OPS or op.variables for op in cond.ops):
        return None
    if any(t.is_variable for op in cond.ops for t in (*op.inputs, *op.outputs) if t is not None):
        return None
    compared, all_said = comparisons(cond, learned(cond))
    if not all_said or not compared:
        return None
    steps = steps_of(body, learned(body))
    places = {t.index: i for i, t in enumerate(cond.inputs)}
    found = tuple(_by_place(c, places) for c in compared)
    needed = {place for c in found for side in (c.low, c.high) for (place, _), _ in side.terms}
    if any(place < 0 or steps[place] is None for place in needed):
        return None
    return Rounds({p: (steps[p] or 0, cond.inputs[p].dtype) for p in sorted(needed)}, found)


def learned(graph: Graph) -> Known:
    """Return what is known of a whole graph with its shapes propagated."""
    known = Known(graph)
    for op in graph.ops:
        known.learn(op)
    return known


def steps_of(body: Graph, known: Known) -> list[int | None]:
    """Return by how much each variable of a loop grows in a round; None where that is not known."""
    found: list[int | None] = [None] * len(body.inputs)
    for place, (before, after) in enumerate(zip(body.inputs, body.outputs, strict=False)):
        a, b = known.value(before), known.value(after)
        if a is not None and b is not None and before.dtype == after.dtype and (b - a).is_constant:
            found[place] = (b - a).constant
    return found


def ranges_inside(
    cond: Graph, in_cond: Known, steps: Sequence[int | None], start: Sequence[Range]
) -> list[Range]:
    """Return what the variables of a loop can be inside its body.

    :param start: what they can be before the loop.
    """
    found = [r if step == 0 else Range() for r, step in zip(start, steps, strict=True)]
    places = {t.index: i for i, t in enumerate(cond.inputs)}
    steady = {(place, 0): r for place, r in enumerate(found)}
    compared = [_by_place(c, places) for c in comparisons(cond, in_cond)[0]]
    compared = [c for c in compared if _is_exact(c.low, steady) and _is_exact(c.high, steady)]
    for place, (step, r) in enumerate(zip(steps, start, strict=True)):
        if step:
            end = min((_bound(c.excess, place, steady, step > 0) for c in compared), default=math.inf)
            inside = Range(r.low, end) if step > 0 else Range(-end, r.high)
            after = inside.high + step if step > 0 else inside.low + step
            if fits(inside) and fits(Range(after, after)):
                found[place] = inside
    return found


def _is_exact(x: Linear, steady: Mapping[Unknown, Range]) -> bool:
    """Say whether a run cannot have wrapped around where it computed this."""
    is_variable = x.constant == 0 and [f for _, f in x.terms] == [1]
    return is_variable or fits(x.range(steady))


def _bound(excess: Linear, place: int, steady: Mapping[Unknown, Range], up: bool) -> float:
    """Return the most that a variable can be (of its negative, if not ``up``) where ``excess`` <= 0."""
    factor = dict(excess.terms).get((place, 0), 0)
    if factor == 0 or (factor > 0) != up:
        return math.inf
    rest = Linear(excess.constant, tuple((u, f) for u, f in excess.terms if u != (place, 0)))
    low = rest.range(steady).low
    return math.inf if math.isinf(low) else -low // abs(factor)


def comparisons(cond: Graph, known: Known) -> tuple[list[Inequality], bool]:
    """Return comparisons that must hold for a loop's condition to be true, and whether they are all."""
    made_by = {t.index: op for op in cond.ops for t in op.outputs}
    found: list[Inequality] = []
    rest: list[Tensor | None] = list(cond.outputs[:1])
    all_said = bool(rest)
    while rest:
        t = rest.pop()
        op = None if t is None else made_by.get(t.index)
        if op is not None and op.name == "LOGICAL_AND":
            rest += op.inputs
        elif op is not None and (said := _comparison(op, known)) is not None:
            found.append(said)
        else:
            all_said = False
    return found, all_said


def _comparison(op: Op, known: Known) -> Inequality | None:
    if op.name not in _COMPARISONS or len(op.inputs) != 2:
        return None
    low, high, gap = _COMPARISONS[op.name]
    a, b = known.value(op.inputs[low]), known.value(op.inputs[high])
    return None if a is None or b is None else Inequality(a, b, gap)


def _by_place(c: Inequality, places: dict[int, int]) -> Inequality:
    """Return a comparison with unknowns (place among the loop's variables, 0); -1 for what is none."""

    def moved(x: Linear) -> Linear:
        return Linear(x.constant, tuple(((places.get(t, -1), e), f) for (t, e), f in x.terms))

    return Inequality(moved(c.low), moved(c.high), c.gap)
