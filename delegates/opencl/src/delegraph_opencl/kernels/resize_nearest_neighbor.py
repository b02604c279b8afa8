"""RESIZE_NEAREST_NEIGHBOR: an image of another size, each pixel taken from where it would have lain.

Source: tflite/delegates/gpu/common/model_builder.cc (Resize2DOperationParser);
tflite/kernels/resize_nearest_neighbor.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport, round_half_away
from delegraph.rules import constant, image, some_size, something_to_pick

from ..families.move_ops import ints, move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support(
        "RESIZE_NEAREST_NEIGHBOR",
        moving(_sources),
        options,
        "T int32 -> T",
        last=4,
        constraints=[image, constant("size", 1), some_size, something_to_pick(0)],
        first=(1, 3),
    )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    batch, rows, columns, depth = tables
    height, width = ints(op, 1)
    return [batch, rows[_places(len(rows), height, op)], columns[_places(len(columns), width, op)], depth]


def _places(old: int, new: int, op: Op) -> np.ndarray:
    """Return the old position that each new one shows; LiteRT computes it in float32."""
    align_corners, half = op.options.align_corners, np.float32(0.5 if op.options.half_pixel_centers else 0)
    scale = np.float32(old) / np.float32(new)
    if align_corners and new > 1:
        scale = np.float32(old - 1) / np.float32(new - 1)
    real = (np.arange(new, dtype=np.float32) + half) * scale
    whole = round_half_away(real) if align_corners else np.floor(real)
    return np.clip(whole.astype(np.int64), 0, old - 1)
