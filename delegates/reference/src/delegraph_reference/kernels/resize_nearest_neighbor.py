"""RESIZE_NEAREST_NEIGHBOR: an image of another size, each pixel taken from where it would have lain.

Source: tflite/kernels/resize_nearest_neighbor.cc, internal/reference/resize_nearest_neighbor.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, round_half_away
from delegraph.rules import image, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, once
from ._resize import new_size, some_pixels


def prepare(op: Op) -> Kernel:
    """x: (batch, height, width, depth) -> (batch, new height, new width, depth)."""
    shape, o = shape_of(op.inputs[0]), op.options

    def sources(size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = (
            _sources(old, new, o.align_corners, o.half_pixel_centers)
            for old, new in zip(shape[1:3], new_size(size), strict=True)
        )
        return rows, columns

    found = once(sources, op.inputs[1])

    def run(x: np.ndarray, size: np.ndarray) -> tuple[np.ndarray]:
        rows, columns = found(size)
        return (x.take(columns, 2).take(rows, 1),)

    return run


def _sources(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Return the old position that each new one shows; LiteRT computes it in float32."""
    scale = np.float32(old - 1) / np.float32(new - 1) if align_corners and new > 1 else None
    scale = np.float32(old) / np.float32(new) if scale is None else scale
    real = (np.arange(new, dtype=np.float32) + np.float32(0.5 if half_pixel_centers else 0)) * scale
    whole = round_half_away(real) if align_corners else np.floor(real)
    return np.clip(whole.astype(np.int64), 0, old - 1)


SUPPORT = [
    OpSupport(
        "RESIZE_NEAREST_NEIGHBOR",
        (1, 4),
        "T int32 -> T",
        T=EVERY_TYPE,
        constraints=(image, some_pixels),
        kernel=prepare,
    )
]
