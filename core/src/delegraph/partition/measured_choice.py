"""Which plan of a model was the fastest when all were measured: what the policy ``auto`` goes by.

``delegraph calibrate-costs MODEL`` measures them; a file in the user's cache directory keeps the choice,
named for delegates, options, versions, device and cores, and for the model's ops and shapes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path
from statistics import median
from typing import Any

from ..contract import Delegate, types_of
from ..model import Model
from .cost_table import cached, describe, keep, kept_at

MARGIN = 1.03  # times a plan has to be faster than greedy's to be chosen
Times = Mapping[
    str, Sequence[float]
]  # seconds of runs of a plan, by its name; those at one place: neighbors


def choice_of(model: Model, delegates: Sequence[Delegate]) -> str:
    """Return which plan was the fastest: the name of a policy, or the label of a delegate that comes first.

    ``greedy`` where nothing was measured.
    """
    key = _key(model, delegates)
    return cached(_path(key), lambda answer: _read(answer, key)) or "greedy"


def keep_choice(model: Model, delegates: Sequence[Delegate], times: Times) -> Path:
    """Keep which plan was the fastest, and what each took, by their names; return where."""
    key = _key(model, delegates)
    seconds = {name: median(took) for name, took in times.items()}
    keep(_path(key), {"key": key, "choice": fastest(times), "seconds": seconds})
    return _path(key)


def fastest(times: Times) -> str:
    """Return the name of the fastest of the plans that are surely faster than ``greedy``; or that."""
    surely = [name for name in times if name != "greedy" and _ratio(times, name)[1] * MARGIN < 1]
    return min(surely, key=lambda name: median(times[name]), default="greedy")


def is_decided(times: Times) -> bool:
    """Say whether it is sure of each plan that it is faster than ``greedy``, or that it is not."""
    ratios = [_ratio(times, name) for name in times if name != "greedy"]
    return all(high * MARGIN < 1 or low * MARGIN > 1 for low, high in ratios)


def _ratio(times: Times, name: str) -> tuple[float, float]:
    """Return between what the median of a plan's seconds by those of ``greedy`` lies, 99 times of 100.

    Of runs that were neighbors: a slow moment is slow for both. The limits are two of these ratios, since
    half of all lie below the median (Conover, Practical Nonparametric Statistics, 3.2).
    """
    ratios = sorted(a / b for a, b in zip(times[name], times["greedy"], strict=True))
    count = len(ratios)
    skipped = (count - 2 - isqrt(7 * count)) // 2  # 2.6 standard deviations, each sqrt(count) / 2
    return (ratios[skipped], ratios[-1 - skipped]) if skipped >= 0 else (0.0, float("inf"))


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


def _read(answer: Any, key: Sequence[Any]) -> str:
    match answer:
        case {"key": list(written), "choice": str(choice), "seconds": dict()} if written == list(key):
            return choice
    raise ValueError("it says nothing of this model on these delegates")
