"""Policies: the functions that decide which delegate takes which ops of a subgraph, by their names."""

from __future__ import annotations

from ..contract import Delegate, Refusal
from ..values import evolve
from .greedy import Cut, Policy, Work, greedy


def cost(work: Work) -> Cut:
    """Give each op to the delegate with which a run is estimated to take least."""
    from .cheapest import cheapest

    return cheapest(work)


def auto(work: Work) -> Cut:
    """Do what was the fastest when it was measured; what ``greedy`` does where nothing was."""
    from .measured_choice import choice_of

    choice = choice_of(work.model, list(work.delegates))
    first = next((d for d in work.delegates if d.label == choice), None)
    if first is not None:
        return _before_all_others(work, first)
    return cost(work) if choice == "cost" else greedy(work)


def _before_all_others(work: Work, first: Delegate) -> Cut:
    """Give a delegate all it takes, and the others what it leaves over."""
    others = {d: limits for d, limits in work.delegates.items() if d is not first}
    order, owners = greedy(evolve(work, delegates={first: work.delegates[first], **others}))
    found = f"left to {first.label}: with it before all others a run took least when plans were measured"
    why = [Refusal("a place in the plan that was the fastest", found, kind="cost")]
    for delegate in list(work.delegates)[: list(work.delegates).index(first)]:
        for position, owner in owners.items():
            if owner.delegate is first:
                work.refuse(delegate, work.graph.ops[position], why)
    return order, owners


POLICIES: dict[str, Policy] = {"greedy": greedy, "cost": cost, "auto": auto}
