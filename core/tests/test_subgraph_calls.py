"""The order of subgraphs that call each other."""

from __future__ import annotations

from delegraph.model import callers_first


def test_each_subgraph_stands_behind_all_that_call_it():
    calls = {0: [2, 1], 1: [2], 2: [], 3: []}
    assert callers_first([0], calls.__getitem__) == [0, 1, 2]
    assert callers_first(range(4), calls.__getitem__) == [3, 0, 1, 2]


def test_a_circle_of_calls_ends():
    assert sorted(callers_first([0], {0: [1], 1: [0]}.__getitem__)) == [0, 1]
