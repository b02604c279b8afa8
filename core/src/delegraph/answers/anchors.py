"""Boxes that a detector gives as distances from anchors: decoded, and of those that overlap the best kept.

Source: mediapipe/calculators/tflite/ssd_anchors_calculator.cc, tflite_tensors_to_detections_calculator.cc;
the settings of BlazeFace, BlazePose and BlazePalm in mediapipe/modules.
"""

from __future__ import annotations

import numpy as np

OVERLAP = 0.3  # of two boxes, as intersection over union, from which they are of one object

# (side of the input, number of anchors): the side of each grid of cells, and anchors in a cell
ANCHORS = {
    (128, 896): ((16, 2), (8, 6)),
    (256, 896): ((16, 2), (8, 6)),
    (192, 2304): ((48, 1),),
    (192, 2016): ((24, 2), (12, 6)),
    (224, 2254): ((28, 2), (14, 2), (7, 6)),
}


def decoded(
    raw: np.ndarray, logits: np.ndarray, layers: tuple[tuple[int, int], ...], side: int, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes (left, top, right, bottom, from 0 to 1) and their scores, the best first.

    :param raw: (anchors, 4 or more): x and y from the anchor, width and height, in pixels of the input
    :param logits: (anchors,)
    """
    scores = 1 / (1 + np.exp(-np.clip(np.nan_to_num(logits.astype(np.float64)), -100, 100)))
    kept = np.nonzero((scores >= threshold) & np.isfinite(raw[:, :4]).all(axis=1))[0]
    center = raw[kept, :2] / side + _centers(layers)[kept]
    half = raw[kept, 2:4] / side / 2
    boxes = np.concatenate([center - half, center + half], axis=1)
    best = apart(boxes, scores[kept])
    return boxes[best], scores[kept][best]


def apart(boxes: np.ndarray, scores: np.ndarray, overlap: float = OVERLAP) -> list[int]:
    """Return the boxes that no better one overlaps, the best first."""
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if not kept or overlaps(boxes[i : i + 1], boxes[kept]).max() < overlap:
            kept.append(i)
    return kept


def overlaps(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return intersection over union of each box with each other: (some, others); 0 of empty ones.

    :param some: (boxes, 4): left, top, right, bottom
    """
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1) for b in (some, others)]
    union = areas[0][:, None] + areas[1][None] - common
    found: np.ndarray = np.divide(common, union, out=np.zeros_like(union, np.float64), where=union > 0)
    return found


def _centers(layers: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Return the middle of the cell of each anchor, x and y from 0 to 1."""
    found = []
    for side, count in layers:
        y, x = np.divmod(np.arange(side * side), side)
        found.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / side, count, axis=0))
    return np.concatenate(found)
