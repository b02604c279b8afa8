"""YOLO's heads: a box for each cell of three grids, of which those that overlap are left out.

Source: Ultralytics' exporter (v5: x, y, width, height, objectness and a score per class; v8 and later: the
same without objectness, boxes last; with its own suppression: corners, score, class).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..inputs.families import yolo_head
from ..values import frozen
from .anchors import apart
from .seen import Seen

OVERLAP = 0.45  # of two boxes of one class, from which they are of one object
MOST = 1000  # boxes, the best, that are looked at
POINTS = 17  # of a person, as COCO names them
_POSE = 4 + 1 + 3 * POINTS  # numbers of a person's box with keypoints
_MASK = 32  # numbers of a box from which YOLO makes its mask
_PIXELS = 2  # boxes as shares of the input lie below; what is above is pixels


@frozen(hash=False)
class YoloBoxes:
    """Boxes of a head, after suppression, the best first."""

    output: str
    boxes: np.ndarray  # (boxes, 4): left, top, right, bottom, as shares of the input
    classes: np.ndarray  # (boxes,)
    scores: np.ndarray  # (boxes,)
    points: np.ndarray | None = None  # (boxes, 17, 3): x and y as shares, score; None: it gives none


def yolo(seen: Seen) -> YoloBoxes | None:
    """Return what the first output that is a head of YOLO gives; None: there is none."""
    return next(_found(seen), None)


def _found(seen: Seen) -> Iterator[YoloBoxes]:
    for a, value in seen.outputs():
        head = yolo_head(seen.input_size or (0, 0), value.shape) if value.dtype.kind == "f" else None
        if head is None:
            continue
        rows = value[0].T if head.transposed else value[0]
        rows = rows[np.isfinite(rows).all(axis=1)].astype(np.float64)
        if head.is_listed:
            corners = rows[:, :4] / _unit(seen, rows)
            kept = rows[:, 4] >= max(seen.settings.threshold, 1e-9)  # what is not used is zeros
            yield YoloBoxes(a.name, corners[kept], rows[kept, 5], rows[kept, 4])
        else:
            yield _suppressed(seen, a.name, rows, head.has_objectness)


def _suppressed(seen: Seen, output: str, rows: np.ndarray, has_objectness: bool) -> YoloBoxes:
    has_points = rows.shape[1] == _POSE and not has_objectness
    scores = rows[:, 4:5] if has_points else _scores(seen, rows, has_objectness)
    classes, best = scores.argmax(axis=1), scores.max(axis=1)
    unit = _unit(seen, rows)
    center, half = rows[:, :2] / unit[:2], rows[:, 2:4] / unit[2:] / 2
    corners = np.concatenate([center - half, center + half], axis=1)
    likely = np.nonzero(best >= seen.settings.threshold)[0]
    likely = likely[np.argsort(-best[likely], kind="stable")][:MOST]
    aside = corners[likely] + 10 * classes[likely, None]  # boxes of different classes do not meet
    kept = likely[apart(aside, best[likely], OVERLAP)]
    points = rows[kept, 5:].reshape(-1, POINTS, 3) / [*unit[:2], 1] if has_points else None
    return YoloBoxes(output, corners[kept], classes[kept], best[kept], points)


def _scores(seen: Seen, rows: np.ndarray, has_objectness: bool) -> np.ndarray:
    """Return a score for each box and class."""
    found = rows[:, 5 if has_objectness else 4 :]
    makes_masks = any(v.ndim == 4 and _MASK in (v.shape[1], v.shape[3]) for _, v in seen.outputs())
    if makes_masks and found.shape[1] > _MASK:
        found = found[:, :-_MASK]
    return np.asarray(found * rows[:, 4:5]) if has_objectness else found


def _unit(seen: Seen, rows: np.ndarray) -> np.ndarray:
    """Return what boxes are counted in: shares of the input, or its pixels."""
    in_pixels = bool((np.abs(rows[:, :4]) > _PIXELS).any())
    return np.asarray((seen.input_size or (1, 1)) * 2 if in_pixels else (1, 1, 1, 1), np.float64)
