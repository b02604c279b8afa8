"""Boxes with labels: of an op that ends detectors, of metadata, of the shapes that detectors have.

Source: tflite/kernels/detection_postprocess.cc (four outputs: boxes as top, left, bottom, right from 0 to
1; classes; scores; their number); metadata_schema.fbs (BoundingBoxProperties).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..file import Labels
from ..model import Record
from ..run import Argument
from ..text import escaped
from ..values import evolve, frozen
from .anchors import ANCHORS, decoded
from .seen import Line, Said, Seen, Way
from .ssd import anchors_of, raw_outputs
from .ssd import decoded as ssd_decoded
from .yolo import yolo

NEEDS = "needs boxes of four numbers each, their classes and scores"
POST_PROCESS = "TFLite_Detection_PostProcess"
_ORDER = ("left", "top", "right", "bottom")


@frozen(hash=False)
class Boxes:
    """Boxes of a model, before those of a low score are left out."""

    boxes: np.ndarray  # (boxes, 4): left, top, right, bottom, as shares of the input's size
    classes: np.ndarray  # (boxes,)
    scores: np.ndarray  # (boxes,)
    output: str
    labels: Labels | None = None


def said(seen: Seen, found: Boxes) -> list[Said]:
    """Return the boxes whose score counts, the best first, in pixels of the picture."""
    labels = seen.settings.labels or found.labels or {}
    keep = [
        i for i in np.argsort(-found.scores, kind="stable") if found.scores[i] >= seen.settings.threshold
    ]
    places = seen.in_picture(found.boxes)
    records: list[Line] = []
    for number, i in enumerate(keep):
        corners = places[i].tolist()
        kind = int(found.classes[i])
        about = {
            "box": number,
            "class": kind,
            "score": float(found.scores[i]),
            "label": labels.get(kind, ""),
        }
        records.append({**about, **dict(zip(_ORDER, corners, strict=True))})
    return [Said("detect", tuple(records), found.output, named=bool(labels))]


def _of_op(seen: Seen) -> list[Said]:
    """Read what the op at a detector's end gives."""
    graph = seen.model.subgraphs[seen.interface.subgraph]
    by_tensor = {a.tensor.index: a for a in seen.interface.outputs}
    for op in graph.ops:
        ends = [by_tensor.get(t.index) for t in op.outputs if t is not None]
        if op.name == POST_PROCESS and len(ends) >= 3 and None not in ends[:3]:
            boxes, classes, scores = (a for a in ends[:3] if a is not None)
            if seen.values[boxes.name].size % 4 == 0:
                count = ends[3] if len(ends) > 3 else None
                return said(seen, _ordinary(seen, boxes, classes, scores, count))
    return []


def _ordinary(
    seen: Seen, boxes: Argument, classes: Argument, scores: Argument, count: Argument | None
) -> Boxes:
    """Return boxes of (top, left, bottom, right) from 0 to 1, or as metadata say."""
    corners = seen.values[boxes.name].reshape(-1, 4)
    kinds, values = (seen.values[a.name].ravel().astype(np.float64) for a in (classes, scores))
    n = min(len(corners), len(kinds), len(values))
    if count is not None and seen.values[count.name].size:
        counted = float(seen.values[count.name].ravel()[0])
        n = int(min(n, max(counted, 0))) if np.isfinite(counted) else n
    carried = seen.labels(classes)
    labels = carried.value or carried.axis
    placed = _placed(seen, boxes, corners[:n])
    usable = np.isfinite(placed).all(axis=1) & np.isfinite(kinds[:n]) & np.isfinite(values[:n])
    return Boxes(placed[usable], kinds[:n][usable], values[:n][usable], boxes.name, labels)


def _placed(seen: Seen, boxes: Argument, corners: np.ndarray) -> np.ndarray:
    """Return boxes as left, top, right, bottom, shares of the input."""
    about = _box_properties(boxes)
    if about is None:
        return corners[:, [1, 0, 3, 2]]
    order = about.index if sorted(about.index) == [0, 1, 2, 3] else (1, 0, 3, 2)
    a, b, c, d = (corners[:, i] for i in order)
    if about.type == _CENTER:
        a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
    elif about.type == _UPPER_LEFT:
        c, d = a + c, b + d
    found = np.stack([a, b, c, d], axis=1)
    return (
        found / np.asarray((seen.input_size or seen.size) * 2) if about.coordinate_type == _PIXEL else found
    )


def _box_properties(output: Argument) -> Record | None:
    content = None if output.metadata is None else output.metadata.content
    about = None if content is None else content.content_properties
    return about if about is not None and about.table == "BoundingBoxProperties" else None


def _of_metadata(seen: Seen) -> list[Said]:
    """Read what metadata call boxes, classes and scores."""
    boxes = next((a for a, _ in seen.outputs() if _box_properties(a) is not None), None)
    if boxes is None or seen.values[boxes.name].size % 4:
        return []
    n = seen.values[boxes.name].size // 4
    lists = [a for a, value in seen.outputs() if value.size == n and a.name != boxes.name]
    return _of_lists(seen, boxes, lists)


def _of_lists(seen: Seen, boxes: Argument, lists: list[Argument]) -> list[Said]:
    """Read boxes with two lists as long: whole numbers are classes, the others scores."""
    if len(lists) != 2:
        return []
    first, second = (seen.values[a.name] for a in lists)
    swapped = _is_whole(second) and not _is_whole(first)
    classes, scores = (lists[1], lists[0]) if swapped else lists
    counts = [a for a, value in seen.outputs() if value.size == 1 and a not in lists and a != boxes]
    return said(seen, _ordinary(seen, boxes, classes, scores, counts[0] if len(counts) == 1 else None))


def _is_whole(values: np.ndarray) -> bool:
    return bool(np.isfinite(values).all()) and bool((values == np.round(values)).all())


def _of_names(seen: Seen) -> list[Said]:
    """Read outputs that are called boxes, classes and scores."""
    found = [
        [a for a, value in seen.called(*words) if value.size]
        for words in (("box", "location"), ("class", "categor", "label"), ("score", "confidence"))
    ]
    if any(len(some) != 1 for some in found) or len({some[0].name for some in found}) < 3:
        return []
    boxes, classes, scores = (some[0] for some in found)
    n, odd = divmod(seen.values[boxes.name].size, 4)
    if odd or any(seen.values[a.name].size != n for a in (classes, scores)):
        return []
    counts = [
        a
        for a, value in seen.called("num", "count")
        if value.size == 1 and a not in (boxes, classes, scores)
    ]
    return said(seen, _ordinary(seen, boxes, classes, scores, counts[0] if len(counts) == 1 else None))


def _of_shapes(seen: Seen) -> list[Said]:
    """Read four outputs as that op would give them, by their shapes."""
    for a, value in seen.outputs():
        if value.ndim >= 2 and value.shape[-1] == 4 and len(seen.values) in (3, 4):
            n = value.size // 4
            lists = [b for b, other in seen.outputs() if other.size == n and b.name != a.name]
            if found := _of_lists(seen, a, lists):
                return found
    return []


def _of_anchors(seen: Seen) -> list[Said]:
    """Read the raw outputs of MediaPipe's detectors: distances from anchors, and logits."""
    return [found for decoder in _anchored(seen) for found in said(seen, decoder)][:1]


def _anchored(seen: Seen) -> Iterator[Boxes]:
    size = seen.input_size
    for a, value in seen.outputs():
        layers = ANCHORS.get((max(size), value.shape[1])) if size and value.ndim == 3 else None
        scores = next((v for _, v in seen.outputs() if v.shape == (*value.shape[:2], 1)), None)
        if layers and scores is not None and value.shape[-1] >= 8:
            boxes, kept = decoded(
                value[0], scores.ravel(), layers, max(size or (1,)), seen.settings.threshold
            )
            yield Boxes(boxes, np.zeros(len(kept)), kept, a.name)


def _of_yolo(seen: Seen) -> list[Said]:
    found = yolo(seen)
    if found is None or found.points is not None:
        return []
    return said(seen, Boxes(found.boxes, found.classes, found.scores, found.output))


def _of_ssd(seen: Seen) -> list[Said]:
    """Read distances from anchors and scores, where the anchors are known."""
    raw = raw_outputs(seen)
    known = anchors_of(seen, seen.values[raw[0].name].shape[1]) if raw is not None else None
    if raw is None or known is None:
        return []
    boxes, scores = raw
    found = ssd_decoded(
        seen.values[boxes.name][0], seen.values[scores.name][0], known[0], seen.settings.threshold
    )
    carried = seen.labels(scores)
    answers = said(seen, Boxes(*found, boxes.name, carried.axis or carried.value))
    return [evolve(one, why=f"its outputs have the shapes of SSD's, {known[1]}") for one in answers]


def unread_boxes(seen: Seen) -> str | None:
    """Say that there are distances from anchors which are not known; None: there are none."""
    raw = raw_outputs(seen)
    if raw is None or anchors_of(seen, seen.values[raw[0].name].shape[1]) is not None:
        return None
    boxes, scores = raw
    return (
        f"outputs {escaped(boxes.name)!r} and {escaped(scores.name)!r} have the shapes of a detector's "
        "distances from anchors and scores; neither the file nor a known detector has as many anchors"
    )


_UPPER_LEFT, _CENTER, _PIXEL = 2, 3, 1  # BoundingBoxType, CoordinateType

WAYS = (
    Way(f"it ends in {POST_PROCESS}", _of_op),
    Way("as its metadata says", _of_metadata),
    Way("its outputs are called boxes, classes and scores", _of_names, is_guess=True),
    Way(
        "its outputs have the shapes of boxes, classes, scores and their number", _of_shapes, is_guess=True
    ),
    Way("its outputs have the shapes of MediaPipe's detectors", _of_anchors, is_guess=True),
    Way("an output has the shape of YOLO's boxes", _of_yolo, is_guess=True),
    Way("", _of_ssd, is_guess=True),
)
