"""TransformLandmarks: points moved by an affine transform; a third coordinate stays (MediaPipe).

Source: mediapipe/util/tflite/operations/transform_landmarks.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import shape_of, stateless

from ..flexbuffer import FlexOptions
from ..kernel import Kernel
from ..mediapipe import transformed


def prepare(op: Op) -> Kernel:
    """points: (1, height, width, points * dimensions), in version 2 (1, points, dimensions); matrix: 16.

    Version 1 multiplies the shift, the last column of the matrix, by its option ``scale``.
    """
    dimensions, scale = _dimensions(op), np.float32(_scale(op))

    def run(points: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray]:
        rows = matrix.reshape(-1)[:8].reshape(2, 4).copy()
        rows[:, 3] *= scale
        out = points.copy().reshape(-1, dimensions)
        out[:, 0], out[:, 1] = transformed(rows, out[:, 0], out[:, 1])
        return (out.reshape(points.shape),)

    return run


def _dimensions(op: Op) -> int:
    return FlexOptions(op).integer("dimensions", 3) if op.version == 1 else shape_of(op.inputs[0])[-1]


def _scale(op: Op) -> float:
    return FlexOptions(op).real("scale", 1.0) if op.version == 1 else 1.0


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    return [given[0]]


@needs("points of 2 or 3 dimensions, a scale that is not 0, and a matrix of 16 values")
def points_and_matrix(op: Op) -> str | None:
    points, matrix = shape_of(op.inputs[0]), shape_of(op.inputs[1])
    rank = 4 if op.version == 1 else 3
    fits = len(points) == rank and points[0] == 1 and int(np.prod(matrix)) == 16
    fits = fits and _dimensions(op) in (2, 3) and points[-1] % _dimensions(op) == 0 and _scale(op) != 0
    return (
        None
        if fits
        else f"{shape_text(points)}, {shape_text(matrix)}"
        + (f", {FlexOptions(op).values}" if rank == 4 else "")
    )


SUPPORT = [
    OpSupport(
        "TransformLandmarks",
        (1, 2),
        "float32 float32 -> float32",
        (stateless, points_and_matrix),
        prepare,
        shapes=shapes,
    )
]
