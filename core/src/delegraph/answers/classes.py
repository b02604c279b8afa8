"""Classes with scores: of a picture, a text, a sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from ..errors import InputError
from ..file import Labels
from ..run import Argument
from ..text import escaped
from ..values import evolve
from .seen import Line, Said, Seen, Way

NEEDS = "needs an axis of one score per class"


def listed(seen: Seen, output: Argument, labels: Labels | None) -> Said:
    """Return the best classes of an output of scores: one per class, or a line of them per moment."""
    scores = scores_of(seen.values[output.name])
    numbers = np.where(np.isnan(scores), -np.inf, scores.astype(np.float64))  # what is none comes last
    best = np.argsort(-numbers, kind="stable")[: seen.settings.top]  # of equal scores the first counts
    names = labels or {}
    records: list[Line] = [
        {"class": i, "score": scores[i].item(), "label": names.get(i, "")} for i in best.tolist()
    ]
    moments = _moments(seen, seen.values[output.name], names)
    return Said("classify", tuple(records), output.name, named=labels is not None, moments=moments)


def _moments(seen: Seen, value: np.ndarray, names: Mapping[int, str]) -> tuple[Line, ...]:
    """Return spans of a sound in which one class is the best, of an output with a line per moment."""
    if not (seen.is_sound and seen.heard and _is_lines(seen, value)):
        return ()
    lines = np.nan_to_num(value.reshape(-1, value.shape[-1]).astype(np.float64), nan=-np.inf)
    best = lines.argmax(axis=1)
    edges = [0, *(np.nonzero(np.diff(best))[0] + 1).tolist(), len(best)]
    step = seen.heard / len(best)
    return tuple(
        {
            "from": start * step,
            "to": end * step,
            "class": int(best[start]),
            "score": float(lines[start:end, best[start]].mean()),
            "label": names.get(int(best[start]), ""),
        }
        for start, end in pairwise(edges)
    )


def _is_lines(seen: Seen, value: np.ndarray) -> bool:
    """Say whether an output has a line of scores for each moment of a sound."""
    return seen.is_sound and value.ndim > 1 and value.shape[-1] > 1 and value.size > value.shape[-1]


def _count(seen: Seen, value: np.ndarray) -> int:
    """Return how many classes an output has scores of; 0: it is no list of scores."""
    if _is_lines(seen, value):
        return int(value.shape[-1])
    return value.size if value.size == max(value.shape, default=0) else 0


def scores_of(value: np.ndarray) -> np.ndarray:
    """Return one score per class: the mean, where the output has a line of them per moment."""
    if not value.size or value.size == max(value.shape, default=0):
        return value.ravel()
    return np.asarray(value.reshape(-1, value.shape[-1]).mean(axis=0))


def looks_like_scores(real: np.ndarray) -> bool:
    """Say whether an output is a list of probabilities."""
    if real.dtype.kind != "f" or real.size < 2 or real.size != max(real.shape):
        return False
    # Quantized probabilities are rounded to 1/256 each: their sum strays.
    return bool(real.min() >= 0 and abs(float(real.sum(dtype=np.float64)) - 1) < 0.05)


def _labelled(seen: Seen) -> list[Said]:
    """Read the outputs that the model's metadata, or the caller, have labels for."""
    given = seen.settings.labels
    if given is not None:
        return [
            listed(seen, a, given) for a in _lists(seen) if _count(seen, seen.values[a.name]) == len(given)
        ][:1]
    carried = ((a, seen.labels(a).axis) for a, _ in seen.outputs())
    return [listed(seen, a, labels) for a, labels in carried if labels is not None]


def _only_list(seen: Seen) -> list[Said]:
    """Read the only list of scores with the caller's labels, though they are not as many."""
    lists = _lists(seen) if seen.settings.labels else []
    if len(lists) != 1:
        return []
    found, given = _count(seen, seen.values[lists[0].name]), len(seen.settings.labels or ())
    why = f"output {escaped(lists[0].name)!r} has {found} classes, but there are {given} labels"
    return [evolve(listed(seen, lists[0], seen.settings.labels), why=why)]


def _lists(seen: Seen) -> list[Argument]:
    return [a for a, v in seen.outputs() if _count(seen, v) > 1]


def _probabilities(seen: Seen) -> list[Said]:
    return [
        listed(seen, a, seen.labels(a).axis)
        for a, value in seen.outputs()
        if looks_like_scores(value)
        or (_is_lines(seen, value) and all(map(looks_like_scores, value.reshape(-1, value.shape[-1]))))
    ]


def _called_scores(seen: Seen) -> list[Said]:
    """Read the only list of numbers that is called one of scores, as they are: logits, say."""
    found = [a for a, _ in seen.called(*_NAMES) if a in _lists(seen)]
    return [listed(seen, a, seen.labels(a).axis) for a in found] if len(found) == 1 else []


def _any_list(seen: Seen) -> list[Said]:
    """Read the output with the most values along its last axis, whatever they are."""
    found = [a for a, value in seen.outputs() if value.ndim and value.size > 1 and value.shape[-1] > 1]
    if not found:
        raise InputError("no output has one score per class: each has one value, or none")
    output = max(found, key=lambda a: seen.values[a.name].shape[-1])
    return [listed(seen, output, seen.settings.labels or seen.labels(output).axis)]


def _of_sound(read: Callable[[Seen], list[Said]]) -> Callable[[Seen], list[Said]]:
    def heard(seen: Seen) -> list[Said]:
        return read(seen) if seen.is_sound or seen.settings.task == "audio" else []

    return heard


_NAMES = ("logit", "prediction", "softmax", "probab")
WAYS = (
    Way("as its labels say", _labelled),
    Way("an output is probabilities: no value below 0, together 1", _probabilities, is_guess=True),
    Way("", _only_list, is_guess=True),
    Way(
        "an output is called one of scores, which need not be probabilities", _called_scores, is_guess=True
    ),
    Way("", _any_list, asked=True),
)
SOUNDS = tuple(evolve(way, read=_of_sound(way.read)) for way in WAYS)
