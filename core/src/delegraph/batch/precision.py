"""Average precision of boxes, as COCO counts it.

Source: cocodataset.org, "Detection evaluation": overlaps of 0.50 to 0.95, 101 recalls, 100 boxes an image,
crowds neither found nor missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..answers import Said, Seen
from ..answers.anchors import overlaps

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # boxes of an image and a class that count, the best

# A box of the truth: class, left, top, right, bottom, 1 if it is a crowd. Of a model: class, score, left, …
Boxes = Sequence[Sequence[float]]


def judge(said: Sequence[Said], seen: Seen, truth: Boxes) -> dict[str, Any]:
    """Return the boxes of a file, with its truth."""
    sides = ("class", "score", "left", "top", "right", "bottom")
    return {"found": [[line[s] for s in sides] for one in said for line in one.records], "truth": truth}


def total(judged: Sequence[Mapping[str, Boxes]]) -> dict[str, float]:
    """Return mAP over classes and overlaps, and at two of them; NaN where no box is to be found."""
    truths = [np.asarray(j["truth"], np.float64).reshape(-1, 6) for j in judged]
    found = [np.asarray(j["found"], np.float64).reshape(-1, 6) for j in judged]
    classes = sorted({int(c) for t in truths for c in t[t[:, 5] == 0, 0]})
    each = {c: average_precisions([_of(t, c) for t in truths], [_of(f, c) for f in found]) for c in classes}
    values = np.asarray([each[c] for c in classes]).reshape(-1, len(OVERLAPS))
    if not len(values):
        return {"map": float("nan"), "map50": float("nan"), "map75": float("nan")}
    whole = {"map": values.mean(), "map50": values[:, 0].mean(), "map75": values[:, 5].mean()}
    return {k: float(v) for k, v in whole.items()} | {f"ap of {c}": float(each[c].mean()) for c in classes}


def average_precisions(truths: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> np.ndarray:
    """Return the average precision of one class at each of OVERLAPS.

    :param truths: of each image (boxes, 5): left, top, right, bottom, 1 if it is a crowd
    :param found: of each image (boxes, 5): score, left, top, right, bottom
    """
    images = []
    for truth, boxes in zip(truths, found, strict=True):
        best = boxes[np.argsort(-boxes[:, 0], kind="stable")][:MOST]
        images.append((best[:, 0], *_matched(truth, best[:, 1:])))
    scores = np.concatenate([scores for scores, _, _ in images])
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([h for _, h, _ in images], axis=1)[:, order]
    ignored = np.concatenate([i for _, _, i in images], axis=1)[:, order]
    count = sum(int((t[:, 4] == 0).sum()) for t in truths)
    return np.asarray([_average(h[~i], count) for h, i in zip(hits, ignored, strict=True)])


def _of(boxes: np.ndarray, kind: int) -> np.ndarray:
    return boxes[boxes[:, 0] == kind, 1:]


def _matched(truth: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which boxes are hits, and which are of a crowd and do not count: (overlaps, boxes) each."""
    hits = np.zeros((len(OVERLAPS), len(boxes)), bool)
    ignored = np.zeros_like(hits)
    truth = truth[np.argsort(truth[:, 4], kind="stable")]  # crowds last
    crowd = truth[:, 4] == 1
    common = overlaps(boxes, truth[:, :4]) if len(truth) else np.zeros((len(boxes), 0))
    for g in np.nonzero(crowd)[0]:
        common[:, g] = _inside(boxes, truth[g, :4])
    for t, least in enumerate(OVERLAPS):
        taken = np.zeros(len(truth), bool)
        for b in range(len(boxes)):
            free = (common[b] >= min(least, 1 - 1e-10)) & ~(taken & ~crowd)
            single = np.nonzero(free & ~crowd)[0]
            candidates = single if len(single) else np.nonzero(free)[0]
            if len(candidates):
                # Of equal overlaps the last counts, as in COCO's own program.
                values = common[b, candidates]
                g = candidates[len(candidates) - 1 - int(np.argmax(values[::-1]))]
                taken[g] = hits[t, b] = True
                ignored[t, b] = crowd[g]
    return hits, ignored


def _inside(boxes: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """Return the share of each box that lies in a crowd."""
    low, high = np.maximum(boxes[:, :2], crowd[:2]), np.minimum(boxes[:, 2:], crowd[2:])
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    common = np.clip(high - low, 0, None).prod(axis=1)
    shares: np.ndarray = np.divide(common, areas, out=np.zeros_like(areas), where=areas > 0)
    return shares


def _average(hits: np.ndarray, count: int) -> float:
    """Return the mean precision at RECALLS: at each the best that a higher recall has."""
    found = np.cumsum(hits)
    recall = found / count
    precision = found / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, RECALLS, side="left")
    reached = at < len(best)
    return float(best[at[reached]].sum() / len(RECALLS))
