"""What MediaPipe's custom ops share: options that are C structs, and images sampled between their pixels.

Source: mediapipe/util/tflite/operations/*.cc; tflite/core/c/builtin_op_data.h (TfLitePoolParams,
TfLiteTransposeConvParams).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
from delegraph import Constraint, ModelError, Op, Record, evolve, needs

_PADDINGS = ("UNKNOWN", "SAME", "VALID")
_ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT", "SIGMOID")


def with_pool_options(op: Op) -> Op:
    """Return the op with its TfLitePoolParams as the options that MAX_POOL_2D has."""
    padding, stride_w, stride_h, width, height, activation = _ints(op, 6)
    fields = {
        "padding": _name(op, _PADDINGS, padding),
        "stride_w": stride_w,
        "stride_h": stride_h,
        "filter_width": width,
        "filter_height": height,
        "fused_activation_function": _name(op, _ACTIVATIONS, activation),
    }
    return evolve(op, options=Record("Pool2DOptions", fields))


def with_transpose_conv_options(op: Op) -> Op:
    """Return the op with its TfLiteTransposeConvParams as the options that TRANSPOSE_CONV has."""
    padding, stride_w, stride_h = _ints(op, 3)
    fields = {"padding": _name(op, _PADDINGS, padding), "stride_w": stride_w, "stride_h": stride_h}
    return evolve(op, options=Record("TransposeConvOptions", fields))


def of_options(constraint: Constraint, options: Callable[[Op], Op]) -> Constraint:
    """Return a constraint on the op as one of ``with_..._options`` gives it."""
    return evolve(constraint, found=lambda op: constraint.found(options(op)))


@needs("padding SAME or VALID")
def known_padding(op: Op) -> str | None:
    return op.options.padding if op.options.padding == "UNKNOWN" else None


def sampled(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return an image's pixels at places between them: (..., channels); 0 at places outside of it.

    :param image: (height, width, channels), float32
    :param x: columns, float32; ``y``: rows
    """
    height, width, _ = image.shape
    outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    left, top = np.floor(x), np.floor(y)
    right_part, lower_part = (x - left)[..., None], (y - top)[..., None]
    upper, lower = (
        _between(_pixels(image, left, row), _pixels(image, left + 1, row), right_part)
        for row in (top, top + 1)
    )
    found = _between(upper, lower, lower_part)
    return np.asarray(np.where(outside[..., None], np.float32(0), found))


def _between(a: np.ndarray, b: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return a float32 value between two: the weight of the first is a double in MediaPipe."""
    return np.asarray((1.0 - part.astype(np.float64)) * a + part * b, np.float32)


def _pixels(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    height, width, _ = image.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    rows, columns = (np.where(inside, at, 0).astype(np.int64) for at in (y, x))
    return np.where(inside[..., None], image[rows, columns], np.float32(0))


def transformed(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points (x, y, 0, 1) under the first two rows of a 4 x 4 matrix, all float32."""
    row_x, row_y = matrix.reshape(-1)[:8].reshape(2, 4)
    return row_x[0] * x + row_x[1] * y + row_x[3], row_y[0] * x + row_y[1] * y + row_y[3]


def _ints(op: Op, count: int) -> tuple[int, ...]:
    stored = op.custom_options
    if len(stored) < 4 * count:
        raise ModelError(f"{op}: custom options need {4 * count} bytes or more, found {len(stored)}")
    return struct.unpack_from(f"<{count}i", stored)


def _name(op: Op, names: tuple[str, ...], code: int) -> str:
    if not 0 <= code < len(names):
        raise ModelError(f"{op}: custom options need one of {', '.join(names)}, found number {code}")
    return names[code]
