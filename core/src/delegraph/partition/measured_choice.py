"""Which plan of a model was the fastest when all were measured: what the policy ``auto`` goes by.

``delegraph calibrate-costs MODEL`` measures them; a file in the user's cache directory keeps the choice,
named for delegates, options, versions, device and cores, and for the model's ops and shapes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..contract import Delegate, types_of
from ..model import Model
from .cost_table import cached, describe, keep, kept_at

MARGIN = 1.03  # times a plan has to be faster than greedy's to be chosen


def choice_of(model: Model, delegates: Sequence[Delegate]) -> str:
    """Return which plan was the fastest: the name of a policy, or the label of a delegate that comes first.

    ``greedy`` where nothing was measured.
    """
    key = _key(model, delegates)
    found = cached(_path(key), lambda answer: _read(answer, key))
    return "greedy" if found is None else fastest(found)


def keep_choice(model: Model, delegates: Sequence[Delegate], seconds: Mapping[str, float]) -> Path:
    """Keep what plans took, by their names, and return where."""
    key = _key(model, delegates)
    keep(_path(key), {"key": key, "seconds": dict(seconds)})
    return _path(key)


def fastest(seconds: Mapping[str, float]) -> str:
    """Return the name of the fastest plan, and ``greedy`` unless it is slower by more than noise."""
    name = min(seconds, key=seconds.__getitem__)
    return name if seconds["greedy"] > MARGIN * seconds[name] else "greedy"


def _key(model: Model, delegates: Sequence[Delegate]) -> list[Any]:
    return [_digest(model), *(describe(d) for d in delegates)]


def _path(key: Sequence[Any]) -> Path:
    return kept_at("plans", hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24])


def _digest(model: Model) -> str:
    """Return a digest of ops, types, shapes and who reads what, on which times depend; not of weights."""
    found = hashlib.sha256()
    for graph in model.subgraphs:
        for op in graph.ops:
            tensors = [(t.index, t.shape) for t in (*op.inputs, *op.outputs) if t is not None]
            found.update(f"{op.name} {op.version} {types_of(op)} {tensors};".encode())
    return found.hexdigest()


def _read(answer: Any, key: Sequence[Any]) -> dict[str, float]:
    match answer:
        case {"key": list(written), "seconds": {"greedy": _, **_others} as seconds} if written == list(key):
            if all(type(s) is float and s > 0 for s in seconds.values()):
                return dict(seconds)
    raise ValueError("it says nothing of this model on these delegates")
