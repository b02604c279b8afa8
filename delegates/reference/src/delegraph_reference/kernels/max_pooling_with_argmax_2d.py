"""MaxPoolingWithArgmax2D: the largest value of each window, and where in its window it lies (MediaPipe).

Source: mediapipe/util/tflite/operations/max_pool_argmax.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, float_range, needs, shape_text
from delegraph.rules import known_activation, real_windows, shape_of, stateless

from ..kernel import Kernel
from ..mediapipe import known_padding, of_options, with_pool_options
from ..windows import Windows, windows_of

_LOWEST = np.finfo(np.float32).min


def prepare(op: Op) -> Kernel:
    """x: (batch, height, width, channels) -> the largest values, their places.

    A place is row * filter width + column in the window, and 0.1 so that rounding down gives it back.
    """
    pool = with_pool_options(op)
    windows = _windows(pool, shape_of(op.inputs[0]))
    bounds = [np.float32(v) for v in float_range(pool)]

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = np.empty((len(x), *windows.positions, windows.channels), np.float32)
        places = np.empty_like(values)
        for image, most, place in zip(x, values, places, strict=True):
            _largest(image, windows, most, place)
        return np.clip(values, *bounds), places + np.float32(0.1)

    return run


def _largest(image: np.ndarray, windows: Windows, most: np.ndarray, place: np.ndarray) -> None:
    """Write the largest values and their places; of equal ones the first."""
    rows, _ = windows.positions
    seen = windows.padded(image, 0, rows, float(_LOWEST), np.dtype(np.float32))
    patches = windows.patches(seen, rows)  # (rows, columns, height, width, channels)
    most[...], place[...] = _LOWEST, 0
    for number in range(windows.taps):
        tap = patches[:, :, number // windows.columns.size, number % windows.columns.size]
        larger = tap > most
        np.copyto(most, tap, where=larger)
        place[larger] = number


def _windows(pool: Op, shape: tuple[int, ...]) -> Windows:
    o = pool.options
    return windows_of(pool, shape, (o.filter_height, o.filter_width))


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x, pool = given[0], with_pool_options(op)
    if x is None:
        return [None, None]
    if len(x) != 4 or real_windows.found(pool):
        raise InputError(
            f"{op} needs images and {real_windows.rule}, found {shape_text(x)} and {pool.options}"
        )
    return [(x[0], *_windows(pool, x).positions, x[3])] * 2


@needs("x (batch, height, width, channels)")
def images(op: Op) -> str | None:
    x = shape_of(op.inputs[0])
    return None if len(x) == 4 else f"{shape_text(x)}"


@needs("a window of at most twice the image's size")
def small_window(op: Op) -> str | None:
    """A larger one would see nothing more, and take as long as its size says."""
    o, (_, height, width, _) = with_pool_options(op).options, shape_of(op.inputs[0])
    small = o.filter_height <= 2 * height and o.filter_width <= 2 * width
    return None if small else f"{o.filter_height} x {o.filter_width} for {height} x {width}"


_STRUCT = [of_options(c, with_pool_options) for c in (known_padding, real_windows, known_activation)]

SUPPORT = [
    OpSupport(
        "MaxPoolingWithArgmax2D",
        (1, 1),
        "float32 -> float32 float32",
        (stateless, *_STRUCT, images, small_window),
        prepare,
        shapes=shapes,
    )
]
