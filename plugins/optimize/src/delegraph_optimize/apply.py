"""Schemes applied to the ops of a model that are to have them, as far as the target takes the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from delegraph import Delegate, Model

from .asked import SCHEMES, Asked
from .calibrate import Calibration
from .chosen_ranges import ChosenRanges
from .far_steps import gone_too_far
from .prepared import FloatModel, Place
from .rules import WEIGHTS
from .schemes import (
    ACTIVATIONS,
    Verdict,
    integer_inputs,
    integer_outputs,
    make_dynamic,
    make_integer,
    store_smaller,
)
from .target import refused_by
from .unheld_scales import unheld
from .writer import GraphEdit, ModelEdit, cleaned

Wanted = Mapping[Place, "tuple[str, str]"]  # scheme and method of each op of the prepared model
Keys = Mapping["tuple[int, str]", "tuple[int, str]"]  # of tensors that share a scale
Joined = Mapping[int, Keys]  # by subgraph


def apply_schemes(
    ready: FloatModel,
    settings: Asked,
    wanted: Wanted,
    calibration: Calibration | None,
    target: Sequence[Delegate] | None,
    joined: Joined | None = None,
) -> tuple[ModelEdit, dict[Place, Verdict]]:
    """Apply the schemes; again without what no kernel holds or the target refuses, until there is none.

    :param joined: by subgraph: which tensors share a scale; see :func:`make_integer`
    """
    refused = gone_too_far(ready.model, wanted)
    while True:
        edit, verdicts = _applied(ready, settings, wanted, calibration, refused, joined or {})
        more = unheld(edit, verdicts)
        if not more and target is not None:
            more = refused_by(target, edit, verdicts)
        if not more:
            return edit, verdicts
        refused.update(more)


def _applied(
    ready: FloatModel,
    settings: Asked,
    wanted: Wanted,
    calibration: Calibration | None,
    refused: Mapping[Place, str],
    joined: Joined,
) -> tuple[ModelEdit, dict[Place, Verdict]]:
    edit = ModelEdit(ready.model)
    verdicts = {place: Verdict(False, why) for place, why in refused.items()}
    for place, graph in enumerate(edit.graphs):
        ranges = ChosenRanges(ready.model, place, calibration, wanted)
        asked = {id(n): (place, i) for i, n in enumerate(graph.nodes) if (place, i) not in refused}
        ops = ready.model.subgraphs[place].ops
        weights = {
            key: settings.weights_of(ops[i], ready.origins[place, i], place)
            for key, (_, i) in asked.items()
        }
        schemes = {key: wanted[p][0] for key, p in asked.items()}
        found = _by_schemes(graph, schemes, weights, settings, ranges, joined.get(place))
        verdicts.update((asked[key], verdict) for key, verdict in found.items())
        if place in _entries(ready.model):
            if settings.inputs != "float":
                integer_inputs(edit, graph, settings.inputs, ranges)
            if settings.outputs != "float":
                integer_outputs(edit, graph, settings.outputs, ranges)
        cleaned(edit, graph)
    return edit, verdicts


def _entries(model: Model) -> set[int]:
    """Return the subgraphs that callers run."""
    return {0, *(s.subgraph for s in model.signatures)}


def _by_schemes(
    graph: GraphEdit,
    asked: Mapping[int, str],
    weights: Mapping[int, str],
    settings: Asked,
    ranges: ChosenRanges,
    joined: Keys | None,
) -> dict[int, Verdict]:
    """Apply to each op its scheme; return what became of each, by its ``id``."""
    found: dict[int, Verdict] = {}
    for scheme in SCHEMES:
        nodes = [node for node in graph.nodes if asked.get(id(node)) == scheme]
        if not nodes or scheme in ACTIVATIONS:
            continue
        for kind in ("float16",) if scheme == "float16" else WEIGHTS:
            some = [node for node in nodes if kind in ("float16", weights[id(node)])]
            if scheme == "dynamic":
                block = settings.block if kind == settings.weights else 0
                found.update(make_dynamic(graph, some, kind, block, settings.least))
            else:
                found.update(store_smaller(graph, some, kind, settings.least))
    types = {key: ACTIVATIONS[scheme] for key, scheme in asked.items() if scheme in ACTIVATIONS}
    if types:
        found.update(make_integer(graph, types, ranges, weights, joined))
    return found
