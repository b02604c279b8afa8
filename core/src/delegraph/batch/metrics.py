"""How good answers are: a row per metric, with what it compares, what it keeps of a file, and the total."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..answers import Said, Seen
from ..answers.classes import scores_of
from ..errors import InputError
from ..values import frozen
from . import agreement, precision
from .job import Judge


@frozen
class Metric:
    """One way to judge a model."""

    truth: str  # what it needs of each file: "class", "mask", "boxes", "model"
    task: str | None  # that the model's answer must be; None: any
    judge: Judge  # of one file; what JSON can hold
    total: Callable[[Sequence[Any]], Mapping[str, float]]
    threshold: float = 0.5  # of boxes and pixels, unless the caller says another


def metric_of(name: str) -> Metric:
    """Return the metric of a name: ``topN`` for any N, or one of METRICS.

    :raises InputError: there is none of this name
    """
    if re.fullmatch(r"top[1-9]\d{0,5}", name):
        return TOP
    if name not in METRICS:
        raise InputError(f"no metric {name!r}; there are: top1, top5, … and {', '.join(METRICS)}")
    return METRICS[name]


def rank_of_truth(said: Sequence[Said], seen: Seen, truth: int) -> int:
    """Return how many classes come before the true one: of equal scores the first counts."""
    scores = scores_of(seen.values[said[0].output]).astype(np.float64)
    if not 0 <= truth < len(scores):
        raise InputError(f"its class is {truth}, and the model has {len(scores)}, from 0 on")
    scores = np.where(np.isnan(scores), -np.inf, scores)
    mine = scores[truth]
    return int((scores > mine).sum() + (scores[:truth] == mine).sum())


def shares_of_ranks(name: str, ranks: Sequence[int]) -> dict[str, float]:
    """Return the share of files whose class is among the best N."""
    most = int(name.removeprefix("top"))
    return {name: sum(rank < most for rank in ranks) / len(ranks)}


def pixels_by_class(said: Sequence[Said], seen: Seen, truth: str) -> dict[str, list[int]]:
    """Return pixels of each class that both, the model and the truth have.

    The model's mask is resized to the truth's, nearest; a truth of 255 is nobody's, or the foreground of a
    model that tells just that.

    :param truth: a picture with a class for each pixel
    """
    from ..inputs.image import mask_of, resized_mask

    right = mask_of(truth)
    mask = said[0].mask
    assert mask is not None
    if set(np.unique(right)) <= {0, 255} and {line["class"] for line in said[0].records} <= {0, 1}:
        right = (right == 255).astype(np.int64)
    mine = resized_mask(mask, right.shape)
    counted = right != 255
    mine, right = mine[counted], right[counted]
    kinds = np.union1d(np.unique(mine), np.unique(right))
    return {
        str(k): [int(((mine == k) & (right == k)).sum()), int((mine == k).sum()), int((right == k).sum())]
        for k in kinds.tolist()
    }


def intersection_over_union(judged: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, float]:
    """Return the mean over classes, and each class's, of pixels that both have to those that either has."""
    sums: dict[int, np.ndarray] = {}
    for counts in judged:
        for kind, three in counts.items():
            sums[int(kind)] = sums.get(int(kind), np.zeros(3)) + np.asarray(three)
    each = {kind: float(both / (mine + right - both)) for kind, (both, mine, right) in sorted(sums.items())}
    mean = float(np.mean(list(each.values()))) if each else float("nan")
    return {"iou": mean} | {f"iou of {kind}": value for kind, value in each.items()}


TOP = Metric("class", "classify", rank_of_truth, lambda ranks: {})
METRICS = {
    "map": Metric("boxes", "detect", precision.judge, precision.total, threshold=0.0),
    "iou": Metric("mask", "segment", pixels_by_class, intersection_over_union),
    "agreement": Metric("model", None, agreement.judge, agreement.total),
}
