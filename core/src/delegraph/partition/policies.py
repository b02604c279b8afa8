"""Policies: the functions that decide which delegate takes which ops of a subgraph, by their names."""

from __future__ import annotations

from .greedy import Cut, Policy, Work, greedy


def cost(work: Work) -> Cut:
    """Give each op to the delegate with which a run is estimated to take least."""
    from .cheapest import cheapest

    return cheapest(work)


POLICIES: dict[str, Policy] = {"greedy": greedy, "cost": cost}
