"""TFLite_Detection_PostProcess: boxes, classes and scores of objects, from the output of an SSD network.

Source: tflite/kernels/detection_postprocess.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, Tensor, frozen, needs, shape_text
from delegraph.rules import one_scale_each, shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel
from ._partial_sort import largest


@frozen
class Detected:
    """What is to be written: row ``slots[i]`` of the outputs is about box ``boxes[i]``."""

    slots: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    count: int  # of detections; the suppression of all classes together writes several rows for one


@frozen
class DetectionOptions:
    """What the op's custom options say."""

    max_detections: int
    max_classes_per_detection: int  # of a box, where all classes are suppressed together
    detections_per_class: int  # where each class is suppressed by itself
    use_regular_nms: bool  # each class by itself
    least_score: np.float32
    most_overlap: np.float32  # intersection over union
    num_classes: int
    scales: np.ndarray  # of y, x, height and width: float64


def prepare(op: Op) -> Kernel:
    """x: (1, boxes, 4 or more), scores: (1, boxes, classes), anchors: (boxes, 4) -> four outputs.

    Boxes (1, n, 4) as two corners (y, x), classes (1, n) and scores (1, n), best first, and how many there
    are: all float32. Zeros stand behind them. Boxes are decoded in float64 and kept in float32.
    """
    options, rows = _options(op), _rows(op)
    x_of, scores_of, anchors_of = (_dequantized(t) for t in op.inputs)
    select = _class_by_class if options.use_regular_nms else _all_classes

    @quietly
    def run(x: np.ndarray, scores: np.ndarray, anchors: np.ndarray) -> tuple[np.ndarray, ...]:
        boxes = _decoded(x_of(x[0, :, :4]), anchors_of(anchors), options.scales)
        if (boxes[:, :2] > boxes[:, 2:]).any():
            raise InputError(f"{op} needs boxes that begin before they end, found one that does not")
        known = scores_of(scores[0])[:, scores.shape[2] - options.num_classes :]  # without the background
        found = select(boxes, known, options)
        results = [np.zeros((1, rows, *rest), np.float32) for rest in ((4,), (), ())]
        for result, part in zip(results, (boxes[found.boxes], found.classes, found.scores), strict=True):
            result[0, found.slots] = part
        return (*results, np.array([found.count], np.float32))

    return run


def _options(op: Op) -> DetectionOptions:
    s = FlexOptions(op)
    return DetectionOptions(
        s.integer("max_detections"),
        s.integer("max_classes_per_detection"),
        s.integer("detections_per_class", 100),
        s.flag("use_regular_nms"),
        np.float32(s.real("nms_score_threshold")),
        np.float32(s.real("nms_iou_threshold")),
        s.integer("num_classes"),
        np.array([np.float32(s.real(f"{n}_scale")) for n in "yxhw"], np.float64),
    )


def _rows(op: Op) -> int:
    s = FlexOptions(op)
    return s.integer("max_detections") * s.integer("max_classes_per_detection")


def _dequantized(tensor: Tensor | None) -> Callable[[np.ndarray], np.ndarray]:
    """Return the function that gives a tensor's values as float32."""
    assert tensor is not None
    if tensor.dtype == "float32":
        return lambda values: values
    scale, zero_point = np.float32(tensor.scale), np.float32(tensor.zero_point)
    return lambda values: (values.astype(np.float32) - zero_point) * scale


def _decoded(x: np.ndarray, anchors: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return boxes as (ymin, xmin, ymax, xmax) from (y, x, height, width) relative to their anchors."""
    relative, anchors = x.astype(np.float64) / scales, anchors.astype(np.float64)
    centers = (relative[:, :2] * anchors[:, 2:] + anchors[:, :2]).astype(np.float32)
    halves = (0.5 * np.exp(relative[:, 2:]) * anchors[:, 2:]).astype(np.float32)
    return np.concatenate([centers - halves, centers + halves], 1)


def _all_classes(boxes: np.ndarray, scores: np.ndarray, o: DetectionOptions) -> Detected:
    """Suppress boxes by their best class alone, then give each its best few classes."""
    kept = _suppressed(boxes, scores.max(1, initial=-np.inf), o.max_detections, o)
    per_box = min(o.max_classes_per_detection, o.num_classes)
    classes = np.array([_best(scores[box], per_box) for box in kept], np.int64).reshape(len(kept), per_box)
    slots = np.arange(len(kept))[:, None] * o.max_classes_per_detection + np.arange(per_box)
    found = np.repeat(kept, per_box)
    values = scores[found, classes.reshape(-1)]
    return Detected(slots.reshape(-1), found, classes.reshape(-1), values, len(kept))


def _best(scores: np.ndarray, count: int) -> list[int]:
    return [int(scores.argmax())] if count == 1 else largest(scores.tolist(), count)


def _class_by_class(boxes: np.ndarray, scores: np.ndarray, o: DetectionOptions) -> Detected:
    """Suppress the boxes of each class by themselves, then keep the best of all classes."""
    most = min(o.detections_per_class, o.max_detections)
    kept = [_suppressed(boxes, column, most, o) for column in scores.T]
    found = np.concatenate(kept)
    classes = np.repeat(np.arange(o.num_classes), [len(k) for k in kept])
    values = scores[found, classes]
    best = np.argsort(-values, kind="stable")[: o.max_detections]
    return Detected(np.arange(len(best)), found[best], classes[best], values[best], len(best))


def _suppressed(boxes: np.ndarray, scores: np.ndarray, most: int, o: DetectionOptions) -> np.ndarray:
    """Return the boxes to keep, best first: none overlaps with a better one by more than is allowed."""
    (rest,) = np.nonzero(scores >= o.least_score)
    rest = rest[np.argsort(-scores[rest], kind="stable")]
    top, left, bottom, right = boxes[rest].T
    sides = np.stack([top, left, bottom, right, (bottom - top) * (right - left)])
    kept: list[int] = []
    while len(rest) and len(kept) < most:
        kept.append(rest[0])
        apart = ~(_overlaps(sides[:, 0], sides[:, 1:]) > o.most_overlap)
        rest, sides = rest[1:][apart], sides[:, 1:][:, apart]
    return np.array(kept, np.int64)


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return intersection over union of one box with others; 0 where one has no area.

    :param box: (5,): its four sides and its area; ``others``: (5, n).
    """
    height = np.minimum(box[2], others[2]) - np.maximum(box[0], others[0])
    width = np.minimum(box[3], others[3]) - np.maximum(box[1], others[1])
    shared = np.maximum(height, 0) * np.maximum(width, 0)
    found = shared / (box[4] + others[4] - shared)
    return np.asarray(np.where((box[4] <= 0) | (others[4] <= 0), np.float32(0), found))


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    rows = _rows(op)
    if rows < 0:
        raise InputError(f"{op} needs a number of detections of at least 0, found {rows}")
    return [(1, rows, 4), (1, rows), (1, rows), (1,)]


@needs("boxes (1, n, 4 or more), scores (1, n, classes) and anchors (n, 4)")
def fitting_shapes(op: Op) -> str | None:
    x, scores, anchors = (shape_of(t) for t in op.inputs)
    fits = len(x) == len(scores) == 3 and x[0] == scores[0] == 1 and x[1] == scores[1] and x[2] >= 4
    return (
        None
        if fits and anchors == (x[1], 4)
        else f"{shape_text(x)}, {shape_text(scores)} and {shape_text(anchors)}"
    )


@needs("as many classes of scores as num_classes, or one more for the background")
def fitting_classes(op: Op) -> str | None:
    scores, classes = shape_of(op.inputs[1]), FlexOptions(op).integer("num_classes")
    return None if classes > 0 and classes <= scores[2] <= classes + 1 else f"{scores[2]} for {classes}"


@needs("numbers of detections and classes above 0, and an nms_iou_threshold above 0, at most 1")
def sound_options(op: Op) -> str | None:
    o = _options(op)
    low = o.max_detections < 0 or (o.use_regular_nms and min(o.detections_per_class, o.max_detections) < 1)
    sound = not low and o.max_classes_per_detection > 0 and 0 < o.most_overlap <= 1
    return None if sound else str(FlexOptions(op).values)


_CONSTRAINTS = (stateless, one_scale_each, sound_options, fitting_shapes, fitting_classes)
_OUT = "-> float32 float32 float32 float32"
_NAME, _SCORES = "TFLite_Detection_PostProcess", "float32 uint8"

# LiteRT knows no int8 here; TFLite Micro does, and computes with its values as with those of uint8.
SUPPORT = [
    OpSupport(_NAME, (1, 1), f"float32 T float32 {_OUT}", _CONSTRAINTS, prepare, T=_SCORES, shapes=shapes),
    OpSupport(_NAME, (1, 1), f"uint8 T uint8 {_OUT}", _CONSTRAINTS, prepare, T=_SCORES, shapes=shapes),
    OpSupport(_NAME, (1, 1), f"int8 int8 int8 {_OUT}", _CONSTRAINTS, prepare, shapes=shapes),
]
