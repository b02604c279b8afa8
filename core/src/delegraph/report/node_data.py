"""Node data for Model Explorer: what runs where, what takes how long, what is how far off, op by op.

Source: model_explorer/node_data_builder.py of ai-edge-model-explorer 0.1.34.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..contract import Plan
from ..model import Model
from ..text import escaped, shortened
from .benchmark import Profile, by_op
from .colors import colors
from .compare import Comparison

Files = dict[str, dict[str, Any]]  # by what they show: values for ``json.dumps``, by graph
Values = Mapping[tuple[int, int], Any]  # by subgraph and op

_LIGHT_TO_RED = ((0, "#fff5f0"), (0.5, "#fb6a4a"), (1, "#a50f15"))
_REASON = 500  # letters


def of_plan(plan: Plan) -> Files:
    """Return who runs each op, and why not another delegate."""
    labels = {(s.graph.index, i): label for s in plan.reached for i, label in s.labels.items()}
    color_of = colors(dict.fromkeys(labels.values()))
    reasons = {
        (s.graph.index, i): "; ".join(f"{label}: {r}" for label, why in refused.items() for r in why)
        for s in plan.reached
        for i, refused in s.refusals.items()
    }
    who = {place: _text(label, color_of[label]) for place, label in labels.items()}
    why = {place: _text(reason, "#ffcf70") for place, reason in reasons.items()}
    return _files(plan.model, {"delegate": who, "refused": why})


def of_profile(model: Model, profile: Profile) -> Files:
    """Return the milliseconds that each op takes in a run."""
    times: dict[tuple[int, int], float] = {}
    for line in by_op(profile):
        if line.op is not None:
            place = (line.subgraph, line.op)
            times[place] = times.get(place, 0.0) + 1000 * line.seconds
    return _files(model, {"milliseconds": {place: {"value": t} for place, t in times.items()}})


def of_comparison(model: Model, found: Comparison) -> Files:
    """Return how far ops are apart, relative to the largest value of a tensor: in the runs, and alone.

    Where a side alone has infinity or what is no number, the value is a text.
    """
    apart: dict[tuple[int, int], float] = {}
    alone: dict[tuple[int, int], float] = {}
    for c in found.tensors:
        place = (c.subgraph, c.op.index)
        apart[place] = max(apart.get(place, 0.0), c.apart.max_rel)
        if c.alone is not None:
            alone[place] = max(alone.get(place, 0.0), c.alone.max_rel)
    tables = {"apart": apart, "op alone": alone}
    return _files(model, {name: {p: _number(v) for p, v in t.items()} for name, t in tables.items()})


def _number(value: float) -> dict[str, Any]:
    return {"value": value} if np.isfinite(value) else _text("not finite", "#a50f15", "#fff")


def _text(text: str, background: str, color: str = "#14181d") -> dict[str, Any]:
    return {"value": escaped(shortened(text, _REASON)), "bgColor": background, "textColor": color}


def _files(model: Model, tables: Mapping[str, Values]) -> Files:
    return {name: _graphs(model, name, values) for name, values in tables.items() if values}


def _graphs(model: Model, name: str, values: Values) -> dict[str, Any]:
    """Return the values by graph, under its name, else its signature, else ``main`` or ``subgraph_N``.

    Of several with one name Model Explorer shows the values of all at each: only the first gets any.
    """
    signatures = {s.subgraph: s.key for s in reversed(model.signatures)}
    keys: dict[int, str] = {}
    for g in model.subgraphs:
        key = g.name or signatures.get(g.index) or (f"subgraph_{g.index}" if g.index else "main")
        if key not in keys.values():
            keys[g.index] = key
    gradient = [{"stop": stop, "bgColor": color} for stop, color in _LIGHT_TO_RED]
    found: dict[str, Any] = {}
    for (subgraph, index), value in values.items():
        if subgraph not in keys:
            continue
        graph = found.setdefault(keys[subgraph], {"name": name, "results": {}})
        graph["results"][str(index)] = value
        if not isinstance(value["value"], str):
            graph["gradient"] = gradient
    return found
