"""Policies: the functions that decide which delegate takes which ops of a subgraph, by their names."""

from __future__ import annotations

from .cheapest import cheapest
from .greedy import Policy, greedy

POLICIES: dict[str, Policy] = {"greedy": greedy, "cost": cheapest}
