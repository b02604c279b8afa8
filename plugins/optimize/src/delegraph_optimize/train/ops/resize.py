"""Images of another size.

Source: tflite/kernels/internal/reference/{resize_bilinear,resize_nearest_neighbor}.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Op, round_half_away

from ..torch_extra import torch
from .common import ints


def resize_bilinear(op: Op, x: Any, size: Any) -> Any:
    """Mix the two nearest along the columns first, then along the rows: low + (high - low) · part."""
    for axis, new in ((2, ints(size)[1]), (1, ints(size)[0])):
        low, high, part = _taps(x.shape[axis], new, op.options)
        left, right = x.index_select(axis, low), x.index_select(axis, high)
        x = left + (right - left) * part.reshape(-1, *(1,) * (3 - axis))
    return x


def resize_nearest_neighbor(op: Op, x: Any, size: Any) -> Any:
    for axis, new in ((2, ints(size)[1]), (1, ints(size)[0])):
        x = x.index_select(axis, _nearest(x.shape[axis], new, op.options))
    return x


def _scale(old: int, new: int, align_corners: bool) -> np.float32:
    if align_corners and new > 1:
        old, new = old - 1, new - 1
    found: np.float32 = np.float32(old) / np.float32(new)
    return found


def _taps(old: int, new: int, options: Any) -> tuple[Any, Any, Any]:
    at, scale = np.arange(new, dtype=np.float32), _scale(old, new, options.align_corners)
    half = np.float32(0.5)
    at = (at + half) * scale - half if options.half_pixel_centers else at * scale
    low = np.maximum(np.floor(at), 0).astype(np.int64)
    high = np.minimum(np.ceil(at).astype(np.int64), old - 1)
    part = at - low.astype(np.float32)
    return torch.from_numpy(low), torch.from_numpy(high), torch.from_numpy(part)


def _nearest(old: int, new: int, options: Any) -> Any:
    scale = _scale(old, new, options.align_corners)
    shift = np.float32(0.5 if options.half_pixel_centers else 0)
    real = (np.arange(new, dtype=np.float32) + shift) * scale
    whole = round_half_away(real) if options.align_corners else np.floor(real)
    return torch.from_numpy(np.clip(whole.astype(np.int64), 0, old - 1))


ROWS = {"RESIZE_BILINEAR": resize_bilinear, "RESIZE_NEAREST_NEIGHBOR": resize_nearest_neighbor}
