"""What was measured of models, as values that JSON can hold, and as node data of Model Explorer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from delegraph import Model

from .layers import Layer
from .measure import MeasuredModel, Measurement

Json = dict[str, Any]
COLUMNS = ("model", "measure", "value", "low", "high", "difference", "p")
_HIGH = 40.0  # decibels that a layer of 8 bits has at its best, about


def to_json(found: Measurement) -> Json:
    """Return all that was measured; times in seconds, differences as shares."""
    return {"samples": found.samples, "models": [_model(m) for m in found.models]}


def lines(found: Measurement) -> Iterator[Json]:
    """Yield a line for each model and measure: of what, its value, what is known of how sure it is."""
    for m in found.models:
        yield {"model": m.name, "measure": "bytes", "value": m.size.nbytes}
        yield {"model": m.name, "measure": "compressed bytes", "value": m.size.compressed}
        for s in m.scores:
            low, high = s.interval or (None, None)
            about = {"value": s.value, "low": low, "high": high, "difference": s.difference}
            yield {"model": m.name, "measure": s.metric, **about, "p": s.p}
        if m.decibels is not None:
            yield {"model": m.name, "measure": "decibels", "value": _finite(m.decibels)}
        for t in m.latencies:
            yield {
                "model": m.name,
                "measure": f"seconds on {t.delegate}",
                "value": t.seconds,
                "low": t.least,
            }


def node_data(model: Model, found: MeasuredModel) -> dict[str, Json]:
    """Return the files of node data for Model Explorer, by what they show of each op.

    An entry of a graph has its name, else that of its signature, else ``main`` or ``subgraph_N``.
    """
    sizes: dict[tuple[int, int], float] = {p: s.nbytes for p, s in found.size.layers.items() if s.nbytes}
    noise = {(x.subgraph, x.index): x.decibels for x in found.layers if x.decibels is not None}
    weights = {
        (x.subgraph, x.index): x.weights_decibels for x in found.layers if x.weights_decibels is not None
    }
    red_to_green = ((0, "#d73027"), (0.5, "#fee08b"), (1, "#1a9850"))
    tables: tuple[tuple[str, Mapping[tuple[int, int], float], Any], ...] = (
        ("bytes", sizes, ((0, "#ffffff"), (1, "#3b76af"))),
        ("decibels", noise, red_to_green),
        ("weights_decibels", weights, red_to_green),
    )
    return {name: _nodes(model, name, values, colors) for name, values, colors in tables if values}


def _nodes(model: Model, name: str, values: Mapping[tuple[int, int], float], colors: Any) -> Json:
    gradient = [{"stop": stop, "bgColor": color} for stop, color in colors]
    keys = _graph_keys(model)
    result: Json = {}
    for (place, index), value in values.items():
        graph = result.setdefault(keys[place], {"name": name, "results": {}, "gradient": gradient})
        graph["results"][str(index)] = {"value": value}
    return result


def _graph_keys(model: Model) -> dict[int, str]:
    keys = {g.index: f"subgraph_{g.index}" if g.index else "main" for g in model.subgraphs}
    keys |= {s.subgraph: s.key for s in reversed(model.signatures)}
    return keys | {g.index: g.name for g in model.subgraphs if g.name}


def _model(found: MeasuredModel) -> Json:
    broken = found.first_broken
    size = found.size
    return {
        "name": found.name,
        "bytes": size.nbytes,
        "compressed_bytes": size.compressed,
        "bytes_of_ops": [
            {"subgraph": g, "op": i, "bytes": s.nbytes, "compressed_bytes": s.compressed}
            for (g, i), s in size.layers.items()
            if s.nbytes
        ],
        "scores": [attrs.asdict(s) for s in found.scores],
        "decibels": found.decibels,
        "first_broken": None if broken is None else _layer(broken),
        "layers": [_layer(x) for x in found.layers],
        "latencies": [attrs.asdict(t) for t in found.latencies],
    }


def _layer(layer: Layer) -> Json:
    return {k: v for k, v in _finite(attrs.asdict(layer)).items() if v not in (None, "")}


def _finite(value: Any) -> Any:
    """Return values with None for numbers that JSON has not."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
