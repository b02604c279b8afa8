"""The subgraphs that samples reach: what is run, and before it what IF and WHILE call in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import numpy as np
from attrs import frozen
from delegraph import Delegate, Graph, Model, called_subgraphs

from ..writer import ModelEdit
from .calls import Arrays, Calls, Undecided
from .kept_samples import MOST, KeptSamples, Reservoir, most_at_once

LOOPED = 16  # samples of a model with control flow: a loop's rounds make many of one
SubgraphSamples = Sequence[Mapping[int, np.ndarray]]  # values by the number of the input


@frozen
class Reached:
    """A subgraph, and what it is given."""

    place: int
    samples: SubgraphSamples
    called: tuple[Model | None, Model | None]  # whose subgraphs are called: in floats, and as edited now


def looked_at(model: Model, kept: KeptSamples) -> dict[int, SubgraphSamples]:
    """Return the samples of each subgraph that is run: not all of them, where there is control flow."""
    run: dict[int, SubgraphSamples] = {**kept.by_subgraph(model)}
    if not _calls(model):
        return run
    return {place: some[:: -(-len(some) // LOOPED)] for place, some in run.items()}


def reached(
    model: Model,
    edit: ModelEdit,
    run: Mapping[int, SubgraphSamples],
    engines: Sequence[Delegate],
    seed: int,
) -> Iterator[Reached]:
    """Yield subgraphs with samples; those that are called before those that call them.

    What a loop hands to its body, in floats, is a sample of the body, in each of its rounds.

    :param run: samples of the subgraphs that are run
    """
    if not _calls(model):
        yield from (Reached(place, some, (None, None)) for place, some in run.items())
        return
    given = {**_given_to_called(model, run, engines, seed), **run}
    for place in _callees_first(model, run):
        if given.get(place):
            yield Reached(place, given[place], (model, edit.model()))


def _calls(model: Model) -> bool:
    return any(called_subgraphs(op) for graph in model.subgraphs for op in graph.ops)


def _given_to_called(
    model: Model, run: Mapping[int, SubgraphSamples], engines: Sequence[Delegate], seed: int
) -> dict[int, SubgraphSamples]:
    """Return some of what called subgraphs are given, drawn by chance among all calls."""
    drawn: dict[int, Reservoir[Arrays]] = {}

    def seen(place: int, arrays: Arrays) -> None:
        if place not in drawn:
            drawn[place] = Reservoir(seed, min(MOST, most_at_once(model.subgraphs[place])))
        drawn[place].see(arrays)

    calls = Calls(model, engines, seen)
    with ExitStack() as stack:
        for delegate in engines:
            stack.enter_context(delegate.running())
        for place, samples in run.items():
            for sample in samples:
                _called(calls, model.subgraphs[place], sample)
    return {
        place: [_by_input(model.subgraphs[place], arrays) for arrays in some.kept]
        for place, some in drawn.items()
    }


def _called(calls: Calls, graph: Graph, sample: Mapping[int, np.ndarray]) -> None:
    """Run a subgraph as far as a sample decides what is called."""
    try:
        calls.run(graph.index, [sample[t.index] for t in graph.inputs])
    except (Undecided, KeyError):
        return


def _by_input(graph: Graph, arrays: Arrays) -> dict[int, np.ndarray]:
    return {t.index: a for t, a in zip(graph.inputs, arrays, strict=True)}


def _callees_first(model: Model, places: Mapping[int, object]) -> list[int]:
    found: list[int] = []

    def visit(place: int) -> None:
        for op in model.subgraphs[place].ops:
            for callee in called_subgraphs(op):
                visit(callee)
        if place not in found:
            found.append(place)

    for place in places:
        visit(place)
    return found
