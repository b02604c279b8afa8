"""PosenetDecoderOp: the poses of people, from the heatmaps and offsets of a PoseNet (Coral's op).

Source: google-coral/libcoral, coral/posenet/posenet_decoder_op.cc, posenet_decoder.cc; PersonLab,
https://arxiv.org/abs/1803.08225.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, Tensor, frozen, needs, shape_text
from delegraph.rules import one_scale_each, shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel
from ._priority_queue import pop, push

KEYPOINTS = 17
EDGES = 16
STEPS = 5  # how often the short offsets correct a position
RADIUS = 1  # of the window in which a root must be the largest

Point = np.ndarray  # (y, x) in cells of the heatmaps, float32


@frozen(eq=False)
class KeypointCandidate:
    """A keypoint that may be part of a pose."""

    point: Point
    id: int
    score: float  # log odds


@frozen(eq=False)
class Maps:
    """The network's output in float32, distances in cells."""

    scores: np.ndarray  # (height, width, keypoints), log odds
    short: np.ndarray  # (height, width, 2 * keypoints): to the keypoint: all y, then all x
    middle: np.ndarray  # (height, width, 4 * edges): along an edge: forward y, x, backward y, x


def prepare(op: Op) -> Kernel:
    """heatmaps: (1, h, w, 17), short offsets: (1, h, w, 34), middle offsets: (1, h, w, 64) -> four outputs.

    Keypoints (1, n, 17, 2) as (y, x) in pixels, their scores (1, n, 17), the poses' scores (1, n), best
    first, and how many poses there are; all float32. Zeros stand behind them.
    """
    options = FlexOptions(op)
    most, stride = options.integer("max_detections"), options.integer("stride")
    least = np.float32(options.real("score_threshold"))
    radius = np.float32(options.real("nms_radius")) / np.float32(stride)
    radius2 = np.square(radius)
    factors = [np.float32(f) for f in (1, 1 / stride, 1 / stride)]

    @quietly
    def run(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        known = zip(op.inputs, arrays, factors, strict=True)
        maps = Maps(*(_dequantized(t, a[0], factor) for t, a, factor in known))
        points, scores = _poses(maps, most, least, radius2)
        totals = _soft_suppressed(points, scores, radius2)
        order = [i for i in np.argsort(-totals, kind="stable") if totals[i] >= least]
        results = [np.zeros((1, most, *rest), np.float32) for rest in ((KEYPOINTS, 2), (KEYPOINTS,), ())]
        for result, part in zip(results, (points * np.float32(stride), scores, totals), strict=True):
            result[0, : len(order)] = part[order]
        return (*results, np.array([len(order)], np.float32))

    return run


def _dequantized(tensor: Tensor | None, stored: np.ndarray, factor: np.float32) -> np.ndarray:
    assert tensor is not None
    if tensor.dtype == "float32":
        return np.asarray(stored * factor)
    centered = stored.astype(np.float32) - np.float32(tensor.zero_point)
    return np.asarray(centered * (np.float32(tensor.scale) * factor))


def _poses(maps: Maps, most: int, least: np.float32, radius2: np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Return keypoints (n, 17, 2) and their scores as probabilities (n, 17), as they are found.

    Each starts at the best root left that is not close to the same keypoint of a pose found before.
    """
    points, scores = np.zeros((2, 0, KEYPOINTS, 2), np.float32)[0], np.zeros((0, KEYPOINTS), np.float32)
    queue = _roots(maps, _log_odds(least))
    while queue and len(points) < most:
        root = pop(queue)
        if (_distance2(points[:, root.id], root.point) <= radius2).any():
            continue
        pose, odds = _grown(maps, root)
        chances = np.float32(1) / (np.float32(1) + np.exp(-odds))
        if _mean(chances) >= least:
            points, scores = np.concatenate([points, pose[None]]), np.concatenate([scores, chances[None]])
    return points, scores


def _roots(maps: Maps, least: np.float32) -> list[KeypointCandidate]:
    """Return a queue of the keypoints whose score is the largest around."""
    scores = maps.scores
    height, width, _ = scores.shape
    padded = np.pad(scores, ((RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)), constant_values=-np.inf)
    around = range(2 * RADIUS + 1)
    largest = np.max([padded[i : i + height, j : j + width] for i in around for j in around], 0)
    queue: list[KeypointCandidate] = []
    for y, x, id in np.argwhere((scores >= least) & (scores >= largest)):
        offset = maps.short[y, x, [id, KEYPOINTS + id]]
        point = _inside(maps, np.array([y, x], np.float32) + offset)
        push(queue, KeypointCandidate(point, int(id), float(scores[y, x, id])))
    return queue


def _grown(maps: Maps, root: KeypointCandidate) -> tuple[np.ndarray, np.ndarray]:
    """Return the keypoints and their log odds: from the root along the edges, the best known end first."""
    points, scores = np.full((KEYPOINTS, 2), -1, np.float32), np.full(KEYPOINTS, -1e5, np.float32)
    queue = [KeypointCandidate(root.point, root.id, _score(maps, root.point, root.id))]
    done: set[int] = set()
    while queue:
        now = pop(queue)
        if now.id in done:
            continue
        done.add(now.id)
        points[now.id], scores[now.id] = now.point, now.score
        for edge, (start, end) in enumerate(_ALL_EDGES):
            if start == now.id and end not in done:
                point = _displaced(maps, now.point, edge, end)
                push(queue, KeypointCandidate(point, end, _score(maps, point, end)))
    return points, scores


def _displaced(maps: Maps, point: Point, edge: int, end: int) -> Point:
    """Follow an edge by the middle offsets, then come closer by the short ones."""
    # Backward edges lie behind 2 * EDGES channels. The source shifts those above EDGES: not the first one.
    edge += EDGES if edge > EDGES else 0
    point = _inside(maps, point + _sampled(maps.middle, point, [edge, EDGES + edge]))
    for _ in range(STEPS):
        point = _inside(maps, point + _sampled(maps.short, point, [end, KEYPOINTS + end]))
    return point


def _score(maps: Maps, point: Point, id: int) -> float:
    return float(_sampled(maps.scores, point, [id])[0])


def _sampled(values: np.ndarray, point: Point, channels: Sequence[int]) -> np.ndarray:
    """Return the values of some channels at a point between cells."""
    (top, left), (bottom, right) = np.floor(point).astype(int), np.ceil(point).astype(int)
    y, x = point - np.floor(point)
    one = np.float32(1)
    upper = (one - x) * values[top, left, channels] + x * values[top, right, channels]
    lower = (one - x) * values[bottom, left, channels] + x * values[bottom, right, channels]
    return np.asarray((one - y) * upper + y * lower)


def _inside(maps: Maps, point: Point) -> Point:
    height, width, _ = maps.scores.shape
    # NaN, from weights or inputs that are infinite, lies nowhere: at the first cell.
    inside = np.clip(point, 0, np.array([height - 1, width - 1], np.float32))
    return np.asarray(np.nan_to_num(inside))


def _soft_suppressed(points: np.ndarray, scores: np.ndarray, radius2: np.float32) -> np.ndarray:
    """Return the poses' scores without the keypoints that a better pose has at about the same place."""
    order = np.argsort([-_mean(s) for s in scores], kind="stable").astype(int)
    totals = np.zeros(len(scores), np.float32)
    for rank, now in enumerate(order):
        close = _distance2(points[order[:rank]], points[now]) <= radius2
        totals[now] = _mean(np.where(close.any(0), np.float32(0), scores[now]), scores[now])
    return totals


def _mean(values: np.ndarray, by: np.ndarray | None = None) -> Any:
    """Return the mean, summed up in float32 from the largest of ``by``, or of the values, on."""
    total: Any = np.float32(0)
    for i in np.argsort(-(values if by is None else by), kind="stable"):
        total += values[i]
    return total / np.float32(len(values))


def _distance2(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared distances of points (..., 2)."""
    return np.asarray(np.square(b - a).sum(-1))


def _log_odds(chance: np.float32) -> Any:
    return np.float32(-np.log(1 / (float(chance) + 1e-6) - 1))


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    most = FlexOptions(op).integer("max_detections")
    if most < 0:
        raise InputError(f"{op} needs max_detections of at least 0, found {most}")
    return [(1, most, KEYPOINTS, 2), (1, most, KEYPOINTS), (1, most), (1,)]


@needs("heatmaps (1, h, w, 17), short offsets (1, h, w, 34) and middle offsets (1, h, w, 64)")
def fitting_shapes(op: Op) -> str | None:
    heat, short, middle = (shape_of(t) for t in op.inputs)
    cells = heat[:3]
    fits = len(heat) == 4 and cells[0] == 1 and min(cells) > 0 and heat[3] == KEYPOINTS
    fits = fits and short == (*cells, 2 * KEYPOINTS) and middle == (*cells, 4 * EDGES)
    return None if fits else f"{shape_text(heat)}, {shape_text(short)} and {shape_text(middle)}"


@needs("max_detections of at least 0 and a stride above 0")
def sound_options(op: Op) -> str | None:
    o = FlexOptions(op)
    return None if o.integer("max_detections") >= 0 and o.integer("stride") > 0 else str(o.values)


# nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles: 0, then left and right of each
_FORWARD = (
    *((0, 1), (1, 3), (0, 2), (2, 4), (0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15)),
    *((0, 6), (6, 8), (8, 10), (6, 12), (12, 14), (14, 16)),
)
_ALL_EDGES = (*_FORWARD, *((end, start) for start, end in _FORWARD))

SUPPORT = [
    OpSupport(
        "PosenetDecoderOp",
        (1, 1),
        "uint8|float32 uint8|float32 uint8|float32 -> float32 float32 float32 float32",
        (stateless, one_scale_each, fitting_shapes, sound_options),
        prepare,
        shapes=shapes,
    )
]
