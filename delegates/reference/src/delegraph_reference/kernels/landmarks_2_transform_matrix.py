"""Landmarks2TransformMatrix: the transform that crops a face or a part of it out of an image (MediaPipe).

Source: mediapipe/util/tflite/operations/landmarks_to_transform_matrix.cc.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from delegraph import Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel


def prepare_range(op: Op) -> Kernel:
    """points: (1, 1, 1, n * 3) -> (1, 4, 4): from output pixels to those of the input image."""
    o = FlexOptions(op)
    ends, subset = _eyes(o), list(o.integers("subset"))
    whole, multiplier = o.integer("landmarks_range"), o.real("bbox_size_multiplier")
    (in_h, in_w), (out_h, out_w) = o.integers("input_hw"), o.integers("output_hw")
    to_relative = _scaled_and_shifted(2 / (out_w - 1.0), 2 / (out_h - 1.0), -1, -1)
    half_w, half_h = (in_w - 1.0) / 2, (in_h - 1.0) / 2
    to_absolute = _scaled_and_shifted(half_w, half_h, half_w, half_h)

    @quietly
    def run(points: np.ndarray) -> tuple[np.ndarray]:
        xy = points.reshape(-1, 3)[:, :2].astype(np.float64)
        dx, dy = xy[ends[1]] - xy[ends[0]]
        angle = -np.arctan(dy / dx)
        low, high = _box(xy[subset], angle)
        width, height = (high - low) * multiplier / whole
        center = _rotation(-angle) @ ((high + low) / 2)
        turned = np.eye(3)
        turned[:2, :2], turned[:2, 2] = _rotation(-angle), center / whole * 2 - 1
        inverse = to_absolute @ turned @ _scaled_and_shifted(width, height, 0, 0) @ to_relative
        matrix = np.zeros((1, 4, 4), np.float32)
        matrix[0, :2, :2], matrix[0, :2, 3] = inverse[:2, :2], inverse[:2, 2]
        matrix[0, 2, 2] = matrix[0, 3, 3] = 1
        return (matrix,)

    return run


def prepare_pixels(op: Op) -> Kernel:
    """points: (1, n, 3), in pixels -> (1, 4, 4): from output pixels to those of the input image."""
    o = FlexOptions(op)
    ends, subset = _eyes(o), list(o.integers("subset_idxs"))
    target = o.real("target_rotation_radians")
    size = np.array([o.integer("output_width"), o.integer("output_height")], np.float64)
    scale = np.array([o.real("scale_x"), o.real("scale_y")])

    @quietly
    def run(points: np.ndarray) -> tuple[np.ndarray]:
        xy = points.reshape(-1, 3)[:, :2].astype(np.float64)
        dx, dy = xy[ends[1]] - xy[ends[0]]
        angle = target - np.arctan2(dy, dx)
        low, high = _box(xy[subset], angle)
        center = _rotation(-angle) @ ((high + low) / 2)
        linear = _rotation(-angle) * (scale * (high - low) / size)
        matrix = np.eye(4, dtype=np.float32)[None]
        matrix[0, :2, :2], matrix[0, :2, 3] = linear, center - linear @ (size / 2)
        return (matrix,)

    return run


def _eyes(o: FlexOptions) -> tuple[int, int]:
    """Return the two points whose line says how the face is turned."""
    return o.integer("left_rotation_idx"), o.integer("right_rotation_idx")


def _rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _box(points: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of the box around the points, turned by an angle."""
    turned = points @ _rotation(angle).T
    return turned.min(0), turned.max(0)


def _scaled_and_shifted(x: float, y: float, right: float, down: float) -> np.ndarray:
    return np.array([[x, 0, right], [0, y, down], [0, 0, 1]], np.float64)


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    return [(1, 4, 4)]


@needs("one list of points with three coordinates")
def points_in_space(op: Op) -> str | None:
    points = shape_of(op.inputs[0])
    fits = points[:3] == (1, 1, 1) if op.version == 1 else points[:1] == (1,)
    return (
        None if fits and len(points) == 5 - op.version and points[-1] % 3 == 0 else f"{shape_text(points)}"
    )


@needs("indices of points that are there")
def known_points(op: Op) -> str | None:
    o, count = FlexOptions(op), int(np.prod(shape_of(op.inputs[0]))) // 3
    indices = (*_eyes(o), *o.integers("subset" if op.version == 1 else "subset_idxs"))
    return None if len(indices) > 2 and all(0 <= i < count for i in indices) else f"{indices} of {count}"


@needs("sizes and scales above 0")
def sound_options(op: Op) -> str | None:
    o = FlexOptions(op)
    if op.version == 1:
        sizes = (*o.integers("input_hw"), *o.integers("output_hw"), o.integer("landmarks_range"))
        fits = len(sizes) == 5 and min(sizes) > 0 and o.integer("dimensions") == 3
        fits = fits and o.real("bbox_size_multiplier") != 0
    else:
        sizes = (o.integer("output_height"), o.integer("output_width"))
        fits = min(*sizes, o.real("scale_x"), o.real("scale_y")) > 0
    return None if fits else str(o.values)


_CONSTRAINTS = (stateless, points_in_space, known_points, sound_options)
_NAME = "Landmarks2TransformMatrix"

SUPPORT = [
    OpSupport(_NAME, (1, 1), "float32 -> float32", _CONSTRAINTS, prepare_range, shapes=shapes),
    OpSupport(_NAME, (2, 2), "float32 -> float32", _CONSTRAINTS, prepare_pixels, shapes=shapes),
]
