"""Families of models that the shapes of their outputs give away, and the pictures that each is made for.

A guess: it is followed where neither the caller nor the model says how pixels become values.
Source: Ultralytics' exporter and LetterBox; mediapipe/modules (image to tensor); PoseNet's demo.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..model import Tensor
from ..run import Interface
from ..values import frozen
from . import Normalization
from .layout import layout_of

Size = tuple[int, int]  # width, height
Shape = tuple[int, ...]
_SHARES, _SIGNED = Normalization((0.0,), (255.0,)), Normalization((127.5,), (127.5,))
_STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32))  # of the grids whose cells YOLO's boxes are of
_LISTED = (1, 300, 6)  # of YOLO with its suppression inside: corners, score, class


@frozen
class Family:
    """How models of one family want their pictures."""

    name: str
    normalization: Normalization
    keeps_aspect: bool  # bars fill what a picture of another form leaves free


@frozen
class YoloHead:
    """How an output of YOLO is to be read, as (boxes, numbers) after ``transposed`` is undone."""

    transposed: bool
    has_objectness: bool  # its fifth number, by which the scores of the classes are multiplied
    is_listed: bool = False  # few boxes by their corners, with a score and a class


def yolo_head(size: Size, shape: Shape) -> YoloHead | None:
    """Return how YOLO's boxes of a picture of a size are given; None: they are not of this shape."""
    if shape == _LISTED:
        return YoloHead(False, False, is_listed=True)
    if len(shape) != 3 or shape[0] != 1 or min(size) < 32:
        return None
    for strides in _STRIDES:
        cells = sum((size[0] // s) * (size[1] // s) for s in strides)
        if shape[1] == 3 * cells and shape[2] > 5:
            return YoloHead(False, True)
        if shape[2] == cells and 4 < shape[1] < cells:
            return YoloHead(True, False)
        if shape[1] == cells and 4 < shape[2] < cells:
            return YoloHead(False, False)
    return None


def family_of(interface: Interface) -> Family | None:
    """Return the family of a model that takes one picture; None: it is of none."""
    tensors = [a.tensor for a in interface.inputs]
    layout = layout_of(tensors[0]) if len(tensors) == 1 else None
    if layout is None or not (layout.height and layout.width):
        return None
    shapes = [shape for a in interface.outputs if (shape := _shape(a.tensor))]
    size = layout.width, layout.height
    return next((family for family, is_of in _FAMILIES if is_of(size, shapes)), None)


def _shape(tensor: Tensor) -> Shape | None:
    return None if tensor.shape is None or -1 in tensor.shape else tuple(tensor.shape)


def _is_yolo(size: Size, shapes: Sequence[Shape]) -> bool:
    return any(yolo_head(size, shape) is not None for shape in shapes)


def _is_posenet(size: Size, shapes: Sequence[Shape]) -> bool:
    maps = [s for s in shapes if len(s) == 4 and s[3] == 17]
    return len(maps) == 1 and (*maps[0][:3], 34) in shapes


def _is_mediapipe(*sides_and_counts: tuple[int, int]) -> Callable[[Size, Sequence[Shape]], bool]:
    def is_of(size: Size, shapes: Sequence[Shape]) -> bool:
        raw = [s for s in shapes if len(s) == 3 and s[2] > 1 and (*s[:2], 1) in shapes]
        return any((max(size), s[1]) in sides_and_counts for s in raw)

    return is_of


def _is_landmarks(size: Size, shapes: Sequence[Shape]) -> bool:
    """Say whether there are landmarks of a hand, a body or a face, with a score of the whole."""
    sizes = [math.prod(s) for s in shapes]
    return 1 in sizes and any((max(size), n) in _LANDMARKS for n in sizes)


_LANDMARKS = ((224, 21 * 3), (256, 39 * 5), (192, 468 * 3))  # side of the input, and numbers
_FAMILIES: tuple[tuple[Family, Callable[[Size, Sequence[Shape]], bool]], ...] = (
    (Family("YOLO", _SHARES, keeps_aspect=True), _is_yolo),
    (Family("PoseNet", _SIGNED, keeps_aspect=False), _is_posenet),
    (
        Family("a detector of MediaPipe", _SIGNED, keeps_aspect=True),
        _is_mediapipe((128, 896), (256, 896), (192, 2304), (224, 2254)),
    ),
    (Family("MediaPipe's palm detector", _SHARES, keeps_aspect=True), _is_mediapipe((192, 2016))),
    (Family("a landmark model of MediaPipe", _SHARES, keeps_aspect=False), _is_landmarks),
)
