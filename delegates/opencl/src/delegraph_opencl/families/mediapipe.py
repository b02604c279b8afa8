"""What MediaPipe's custom ops share: options that are C structs.

Source: mediapipe/util/tflite/operations/*.cc; tflite/core/c/builtin_op_data.h (TfLitePoolParams,
TfLiteTransposeConvParams).
"""

from __future__ import annotations

import struct

from delegraph import ModelError, Op, Window, frozen, needs, window

_PADDINGS = ("UNKNOWN", "SAME", "VALID")
_ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")


@frozen
class PoolOptions:
    """A TfLitePoolParams."""

    padding: str
    strides: tuple[int, int]  # down, across
    size: tuple[int, int]
    activation: str

    def windows(self, shape: tuple[int, ...]) -> tuple[Window, Window]:
        """Return the windows along the rows and the columns of an image."""
        pairs = zip(shape[1:3], self.size, self.strides, strict=True)
        rows, columns = (window(n, size, stride, 1, self.padding) for n, size, stride in pairs)
        return rows, columns


def pool_of(op: Op) -> PoolOptions:
    padding, across, down, width, height, activation = ints_of(op, 6)
    return PoolOptions(
        named(op, _PADDINGS, padding), (down, across), (height, width), named(op, _ACTIVATIONS, activation)
    )


def ints_of(op: Op, count: int) -> tuple[int, ...]:
    """Return the first integers of an op's custom options."""
    stored = op.custom_options
    if len(stored) < 4 * count:
        raise ModelError(f"{op}: custom options need {4 * count} bytes or more, found {len(stored)}")
    return struct.unpack_from(f"<{count}i", stored)


def named(op: Op, names: tuple[str, ...], code: int) -> str:
    if not 0 <= code < len(names):
        raise ModelError(f"{op}: custom options need one of {', '.join(names)}, found number {code}")
    return names[code]


def padding_of(op: Op, code: int) -> str:
    return named(op, _PADDINGS, code)


@needs("padding SAME or VALID, and windows and strides of at least 1")
def real_pool(op: Op) -> str | None:
    pool = pool_of(op)
    fits = pool.padding != "UNKNOWN" and min(*pool.size, *pool.strides) > 0
    return None if fits else str(pool)
