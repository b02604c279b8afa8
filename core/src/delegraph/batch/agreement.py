"""How far two models give the same answer: the same class, the same pixels, boxes, keypoints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..answers import Said, Seen
from ..answers.anchors import overlaps
from ..errors import InputError
from ..inputs.image import resized_mask
from ..values import frozen
from .job import Job, opened_here

OVERLAP = 0.5  # as intersection over union: two boxes are of one object
NEAR = 0.05  # of the picture's diagonal: two keypoints are one


@frozen(hash=False)
class Other:
    """What a file is judged by: what another model says of it."""

    file: str
    job: Job


def judge(said: Sequence[Said], seen: Seen, truth: Other) -> dict[str, object]:
    """Return from 0 to 1 how far the other model agrees."""
    opened = opened_here(truth.job)
    sample = opened.sample([truth.file])
    other = opened.said(sample, opened.run(sample.arrays))
    if not said or not other or said[0].task != other[0].task:
        tasks = " and ".join(s[0].task if s else "no known task" for s in (said, other))
        raise InputError(f"the models give {tasks}: --task says what both give")
    return {"task": said[0].task, "agrees": _RULES[said[0].task](said[0], other[0], seen)}


def total(judged: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean over files."""
    return {"agreement": float(np.mean([j["agrees"] for j in judged]))}


def _same_class(one: Said, other: Said, seen: Seen) -> float:
    return float(one.records[0]["class"] == other.records[0]["class"])


def _same_pixels(one: Said, other: Said, seen: Seen) -> float:
    assert one.mask is not None
    assert other.mask is not None
    return float((resized_mask(one.mask, other.mask.shape) == other.mask).mean())


def _same_boxes(one: Said, other: Said, seen: Seen) -> float:
    """Return twice the boxes that have a partner to all boxes; two without any agree."""
    count = len(one.records) + len(other.records)
    if not count:
        return 1.0
    left = list(range(len(other.records)))
    pairs = 0
    for line in one.records:
        same = [i for i in left if other.records[i]["class"] == line["class"]]
        values = overlaps(_corners([line]), _corners([other.records[i] for i in same]))[0]
        if len(same) and values.max() >= OVERLAP:
            left.remove(same[int(values.argmax())])
            pairs += 1
    return 2 * pairs / count


def _same_points(one: Said, other: Said, seen: Seen) -> float:
    """Return the share of keypoints that are near each other."""
    if len(one.records) != len(other.records):
        return 0.0
    if not one.records:
        return 1.0
    places = [np.asarray([(line["x"], line["y"]) for line in said.records]) for said in (one, other)]
    far = np.hypot(*(places[0] - places[1]).T)
    return float((far <= NEAR * float(np.hypot(*seen.size))).mean())


def _corners(lines: Sequence[dict[str, float]]) -> np.ndarray:
    sides = ("left", "top", "right", "bottom")
    return np.asarray([[line[s] for s in sides] for line in lines], np.float64).reshape(-1, 4)


_RULES: dict[str, Callable[[Said, Said, Seen], float]] = {
    "classify": _same_class,
    "audio": _same_class,
    "segment": _same_pixels,
    "detect": _same_boxes,
    "pose": _same_points,
    "keypoints": _same_points,
}
