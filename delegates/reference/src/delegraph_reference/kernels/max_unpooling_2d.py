"""MaxUnpooling2D: puts values back to where MaxPoolingWithArgmax2D found them, zeros elsewhere (MediaPipe).

Source: mediapipe/util/tflite/operations/max_unpooling.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, shape_text
from delegraph.rules import real_windows, same_images, shape_of, stateless

from ..elementwise import to_int32
from ..kernel import Kernel
from ..mediapipe import known_padding, of_options, with_pool_options


def prepare(op: Op) -> Kernel:
    """x and places: (batch, height, width, channels) -> (batch, height * filter height, ...).

    Of two values for one place the later one stays; a place outside of the output is left out.
    """
    o = with_pool_options(op).options
    shape = shape_of(op.inputs[0])
    size = _result(op, shape)
    batch, row, column, channel = np.ogrid[tuple(slice(n) for n in shape)]
    top = row * o.stride_h - _before(shape[1], o.filter_height, o.stride_h)
    left = column * o.stride_w - _before(shape[2], o.filter_width, o.stride_w)

    def run(x: np.ndarray, places: np.ndarray) -> tuple[np.ndarray]:
        number = to_int32(places)
        along = np.fmod(number, o.filter_width)  # as C's %: negative for negative numbers
        down, across = top + (number - along) // o.filter_width, left + along
        inside = (down >= 0) & (down < size[1]) & (across >= 0) & (across < size[2])
        out = np.zeros(size, np.float32)
        flat = ((batch * size[1] + down) * size[2] + across) * size[3] + channel
        out.reshape(-1)[flat[inside]] = x[inside]
        return (out,)

    return run


def _before(inputs: int, size: int, stride: int) -> int:
    """Return the padding in front of the first window, which lies over the output."""
    return max((inputs - 1) * stride + size - inputs * size, 0) // 2


def _result(op: Op, x: tuple[int, ...]) -> tuple[int, ...]:
    o = with_pool_options(op).options
    return (x[0], x[1] * o.filter_height, x[2] * o.filter_width, x[3])


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x = given[0]
    if x is None:
        return [None]
    pool = with_pool_options(op)
    if len(x) != 4 or real_windows.found(pool):
        raise InputError(
            f"{op} needs images and {real_windows.rule}, found {shape_text(x)} and {pool.options}"
        )
    return [_result(op, x)]


_STRUCT = [of_options(c, with_pool_options) for c in (known_padding, real_windows)]

SUPPORT = [
    OpSupport(
        "MaxUnpooling2D",
        (1, 1),
        "float32 float32 -> float32",
        (stateless, *_STRUCT, same_images),
        prepare,
        shapes=shapes,
    )
]
