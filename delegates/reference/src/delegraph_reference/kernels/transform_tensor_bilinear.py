"""TransformTensorBilinear: an image seen through an affine transform, pixels interpolated (MediaPipe).

Source: mediapipe/util/tflite/operations/transform_tensor_bilinear.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel
from ..mediapipe import sampled, transformed


def prepare(op: Op) -> Kernel:
    """x: (1, height, width, channels), matrix: 16 values, rows of 4 -> (1, *output size, channels).

    Output pixel (column, row) shows x at matrix * (column, row, 0, 1), and 0 outside of x. In version 2 the
    matrix holds for coordinates in which pixels have their centers at 0.5; in version 1, at 0.
    """
    height, width = _size(op)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    center = 0.5 if op.version > 1 else 0.0

    @quietly
    def run(image: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray]:
        seen = sampled(image[0], *transformed(_centered(matrix, center), x, y))
        return (seen[None],)

    return run


def _centered(matrix: np.ndarray, center: float) -> np.ndarray:
    """Return the first two rows for coordinates with pixels' centers at 0: shift * matrix * shift back."""
    rows = matrix.reshape(-1)[:8].reshape(2, 4).astype(np.float64)
    rows[:, 3] += rows[:, 0] * center + rows[:, 1] * center - center
    return rows.astype(np.float32)


def _size(op: Op) -> tuple[int, int]:
    """Return the output's height and width."""
    options = FlexOptions(op)
    if op.version > 1:
        return options.integer("output_height"), options.integer("output_width")
    size = options.integers("output_size")
    if len(size) != 2:
        raise InputError(f"{op} needs a height and a width as output_size, found {size}")
    return size[0], size[1]


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x = given[0]
    if x is None:
        return [None]
    if len(x) != 4 or min(_size(op)) < 0:
        raise InputError(f"{op} needs an image and an output size of at least 0, found {x} and {_size(op)}")
    return [(1, *_size(op), x[3])]


@needs("one image (1, height, width, channels), with pixels, and a matrix of 16 values")
def image_and_matrix(op: Op) -> str | None:
    x, matrix = shape_of(op.inputs[0]), shape_of(op.inputs[1])
    fits = len(x) == 4 and x[0] == 1 and min(x) > 0 and int(np.prod(matrix)) == 16
    return None if fits else f"{shape_text(x)} and {shape_text(matrix)}"


@needs("mode bilinear")
def bilinear(op: Op) -> str | None:
    mode = FlexOptions(op).text("mode", "bilinear")
    return None if mode == "bilinear" else mode


SUPPORT = [
    OpSupport(
        "TransformTensorBilinear",
        (1, 2),
        "float32 float32 -> float32",
        (stateless, image_and_matrix, bilinear),
        prepare,
        shapes=shapes,
    )
]
