"""Keypoints: of people (pose), and of hands, faces and anything else (keypoints).

Source: MoveNet's model card (y, x and score from 0 to 1); PoseNet (heatmaps and offsets, decoded as its
decoder for one person does); MediaPipe's landmark models (x, y, z in pixels of the input).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..run import Argument
from .seen import Line, Said, Seen, Size, Way
from .skeletons import BODY, COCO, HAND, UNNAMED, Skeleton
from .yolo import yolo

NEEDS = "needs an axis of keypoints, of two or three numbers each"
DECODER = "PosenetDecoderOp"
_FACE = 468  # points of MediaPipe's face mesh


def said(seen: Seen, people: Iterable[np.ndarray], skeleton: Skeleton, output: str) -> list[Said]:
    """Return keypoints as records.

    :param people: (keypoints, 3) each: x and y as shares of the input, and the score
    """
    records: list[Line] = []
    for number, points in enumerate(people):
        places = seen.in_picture(points[:, :2]).tolist()
        for i, ((x, y), score) in enumerate(zip(places, points[:, 2].tolist(), strict=True)):
            name = skeleton.names[i] if i < len(skeleton.names) else ""
            records.append({"object": number, "point": i, "name": name, "score": score, "x": x, "y": y})
    return [Said("pose", tuple(records), output, bones=skeleton.bones, named=bool(skeleton.names))]


def _movenet(seen: Seen) -> list[Said]:
    """Read (y, x, score) of 17 keypoints of one person."""
    found = [(name, v) for name, v in seen.shaped(17, 3) if v.dtype.kind == "f"]
    return [s for name, v in found[:1] for s in said(seen, [v[:, [1, 0, 2]]], COCO, name)]


def _movenet_multi(seen: Seen) -> list[Said]:
    """Read six people: 17 keypoints, a box and a score each."""
    for name, value in seen.shaped(6, 56):
        people = value[value[:, 55] >= seen.settings.threshold, :51].reshape(-1, 17, 3)
        return said(seen, people[..., [1, 0, 2]], COCO, name)
    return []


def _of_yolo(seen: Seen) -> list[Said]:
    found = yolo(seen)
    return [] if found is None or found.points is None else said(seen, found.points, COCO, found.output)


def _posenet(seen: Seen) -> list[Said]:
    """Read heatmaps and offsets: of each keypoint the cell of its highest score, moved by its offset."""
    maps = [(name, v) for name, v in seen.shaped(None, None, 17) if v.dtype.kind == "f"]
    if len(maps) != 1 or seen.input_size is None:
        return []
    ((name, heat),) = maps
    offsets = [v for _, v in seen.shaped(*heat.shape[:2], 34)]
    if len(offsets) != 1:
        return []
    return said(seen, [_decoded(heat, offsets[0], seen.input_size)], COCO, name)


def _decoded(heat: np.ndarray, offsets: np.ndarray, size: Size) -> np.ndarray:
    """Return x, y and score of each keypoint.

    :param heat: (height, width, 17), logits
    :param offsets: (height, width, 34): 17 of y, then 17 of x, in pixels of the input
    """
    height, width, count = heat.shape
    best = np.nan_to_num(heat, nan=-np.inf).reshape(-1, count).argmax(axis=0)
    row, column = np.divmod(best, width)
    k = np.arange(count)
    y = row / max(height - 1, 1) * (size[1] - 1) + offsets[row, column, k]
    x = column / max(width - 1, 1) * (size[0] - 1) + offsets[row, column, k + count]
    return np.stack([x / size[0], y / size[1], _sigmoid(heat[row, column, k])], axis=1)


def _decoder_op(seen: Seen) -> list[Said]:
    """Read people of the op at PoseNet's end: (y, x) in pixels of the input, and scores of keypoints."""
    graph = seen.model.subgraphs[seen.interface.subgraph]
    op = next((op for op in graph.ops if op.name == DECODER), None)
    if op is None or seen.input_size is None:
        return []
    by_tensor = {a.tensor.index: a.name for a in seen.interface.outputs}
    names = [by_tensor.get(t.index) for t in op.outputs if t is not None]
    poses, points, people = (seen.values[n] for n in names[:3] if n is not None)
    scores = people.ravel()
    placed = poses.reshape(-1, 17, 2)[..., ::-1] / np.asarray(seen.input_size)
    whole = np.concatenate([placed, points.reshape(-1, 17, 1)], axis=2)
    return said(seen, whole[scores >= seen.settings.threshold], COCO, names[0] or "")


def _landmarks(count: int, width: int, extra: int, skeleton: Skeleton) -> Way:
    """Return a way to read MediaPipe's landmarks: so many of so many numbers, x and y in pixels first."""

    def read(seen: Seen) -> list[Said]:
        lists = [(a.name, v.ravel()) for a, v in seen.outputs() if v.size == (count + extra) * width]
        # With how sure the model is of the whole: a list alone may be one of classes.
        if not lists or seen.input_size is None or not any(v.size == 1 for _, v in seen.outputs()):
            return []
        name, value = lists[0]
        points = value.reshape(-1, width)[:count]
        placed = points[:, :2] / np.asarray(seen.input_size)
        score = _sigmoid(points[:, 3]) if width > 3 else np.full(count, _presence(seen))
        return said(seen, [np.column_stack([placed, score])], skeleton, name)

    return Way(f"an output has the shape of MediaPipe's {count} landmarks", read, is_guess=True)


def _presence(seen: Seen) -> float:
    """Return the score of the whole: the first output of one number."""
    single = [float(v.ravel()[0]) for _, v in seen.outputs() if v.size == 1]
    if not single:
        return float("nan")
    return single[0] if 0 <= single[0] <= 1 else float(_sigmoid(np.float64(single[0])))


def _called_points(seen: Seen) -> list[Said]:
    """Read what is called keypoints; shares of the picture, or pixels of the input."""
    return _first_points(seen, seen.called("keypoint", "landmark")) if seen.input_size is not None else []


def _any_points(seen: Seen) -> list[Said]:
    """Read whatever ends in two or three numbers each, as :func:`_called_points` does."""
    return _first_points(seen, seen.outputs())


def _first_points(seen: Seen, some: Iterable[tuple[Argument, np.ndarray]]) -> list[Said]:
    for a, value in some:
        if value.ndim and value.shape[-1] in (2, 3) and value.size > value.shape[-1]:
            points = value.reshape(-1, value.shape[-1])
            in_pixels = bool((np.abs(np.nan_to_num(points[:, :2])) > 2).any())
            pixels = np.asarray(seen.input_size or (1, 1)) if in_pixels else 1
            score = np.full(len(points), np.nan)
            return said(seen, [np.column_stack([points[:, :2] / pixels, score])], UNNAMED, a.name)
    return []


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    found: np.ndarray = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -100, 100)))
    return found


POSES = (
    Way(f"it ends in {DECODER}", _decoder_op),
    Way("an output has the shape of MoveNet's 17 keypoints", _movenet, is_guess=True),
    Way("an output has the shape of MoveNet's six people", _movenet_multi, is_guess=True),
    Way("an output has the shape of YOLO's boxes with keypoints", _of_yolo, is_guess=True),
    Way("its outputs have the shapes of PoseNet's heatmaps and offsets", _posenet, is_guess=True),
    _landmarks(33, 5, 6, BODY),  # six more points help to crop the next picture
)
KEYPOINTS = (
    _landmarks(21, 3, 0, HAND),
    _landmarks(_FACE, 3, 0, UNNAMED),
    Way("an output is called keypoints or landmarks", _called_points, is_guess=True),
    Way("", _any_points, asked=True),
)
