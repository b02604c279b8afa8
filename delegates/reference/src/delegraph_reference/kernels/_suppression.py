"""NON_MAX_SUPPRESSION_V4 and V5: what they share.

Source: tflite/kernels/non_max_suppression.cc, internal/reference/non_max_suppression.h.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, Tensor, define, needs, shape_text
from delegraph.rules import shape_of

from ._movement import scalar
from ._priority_queue import pop, push


@define
class BoxCandidate:
    """A box that may yet be selected, or that has been."""

    index: int
    score: np.float32
    compared: int = 0  # with how many of the selected boxes


def selected(
    boxes: np.ndarray, scores: np.ndarray, most: int, iou: np.float32, least: np.float32, sigma: np.float32
) -> list[BoxCandidate]:
    """Return the boxes to keep, best first, with the scores they are left with.

    A box goes if it overlaps with a better one by ``iou`` or more, or if its score is not above ``least``.
    With a ``sigma`` above 0 each overlap lowers its score by exp(-overlap ** 2 / (2 sigma)). All float32.
    """
    first, second = boxes[:, :2], boxes[:, 2:]
    low, high = np.where(second < first, second, first), np.where(first < second, second, first)
    corners = np.concatenate([low, high], 1)
    queue: list[BoxCandidate] = []
    for index, score in enumerate(scores):
        if score > least:
            push(queue, BoxCandidate(index, score))
    wanted, kept = min(len(queue), most), list[BoxCandidate]()
    while queue and len(kept) < wanted:
        best = pop(queue)
        rivals = [c.index for c in kept[best.compared :]][::-1]
        score = _lowered(best.score, _overlaps(corners, best.index, rivals), iou, least, sigma)
        if score is None:
            continue
        unchanged, best.score, best.compared = score == best.score, score, len(kept)
        if unchanged:
            kept.append(BoxCandidate(best.index, score))
        if score > least:  # a box that was selected, too: it overlaps with itself, if it has an area
            push(queue, best)
    return kept


def _lowered(
    score: np.float32, overlaps: np.ndarray, iou: np.float32, least: np.float32, sigma: np.float32
) -> np.float32 | None:
    """Return the score after comparing with the rivals, latest first; None if the box must go."""
    scale = np.float32(-0.5) / sigma if sigma > 0 else None
    for overlap in overlaps:
        if overlap >= iou:
            return None
        if scale is not None:
            score = score * np.exp(scale * overlap * overlap)
        if score <= least:
            break
    return score


def _overlaps(corners: np.ndarray, index: int, others: Sequence[int]) -> np.ndarray:
    """Return intersection over union of one box and some others; 0 where an area is 0."""
    low, high = corners[:, :2], corners[:, 2:]
    areas = (high - low).prod(1)
    shared = np.minimum(high[others], high[index]) - np.maximum(low[others], low[index])
    common = np.maximum(shared, 0).prod(1)
    union = areas[others] + areas[index] - common
    solid = ~((areas[others] <= 0) | (areas[index] <= 0) | (union == 0))  # NaN is none of these
    zeros = np.zeros(len(others), np.float32)
    return np.asarray(np.divide(common, union, out=zeros, where=solid))


def number_to_select(values: np.ndarray) -> int:
    most = scalar(values)
    if most < 0:
        raise InputError(f"needs a number of boxes of at least 0, found {most}")
    return most


@needs("boxes (n, 4) and a score for each")
def boxes_and_scores(op: Op) -> str | None:
    boxes, scores = (shape_of(t) for t in op.inputs[:2])
    return (
        None
        if boxes[1:] == (4,) and scores == boxes[:1]
        else f"shapes {shape_text(boxes)} and {shape_text(scores)}"
    )


@needs("a constant number of boxes to select")
def constant_number(op: Op) -> str | None:
    most: Tensor | None = op.inputs[2]
    return None if most is not None and most.is_constant else "a computed one"
