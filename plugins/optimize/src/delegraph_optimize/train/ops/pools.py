"""Pools: what a window covers of an image; padding does not count.

Source: tflite/kernels/internal/reference/pooling.h.
"""

from __future__ import annotations

import math
from typing import Any

from delegraph import Op, Window, window

from ..torch_extra import F, torch
from .common import activated, first, last, padded


def average_pool_2d(op: Op, x: Any) -> Any:
    return activated(op, _mean(op, x))


def l2_pool_2d(op: Op, x: Any) -> Any:
    return activated(op, torch.sqrt(_mean(op, x.square())))


def max_pool_2d(op: Op, x: Any) -> Any:
    down, across = _windows(op, x)
    around = padded(first(x), down, across, -math.inf)
    return activated(op, last(F.max_pool2d(around, (down.size, across.size), (down.stride, across.stride))))


def _mean(op: Op, x: Any) -> Any:
    down, across = _windows(op, x)
    size, strides = (down.size, across.size), (down.stride, across.stride)
    around = padded(first(x), down, across)
    y = F.avg_pool2d(around, size, strides)
    if around.shape[2:] != x.shape[1:3]:
        counted = padded(torch.ones((1, 1, *x.shape[1:3]), dtype=x.dtype), down, across)
        y = y / F.avg_pool2d(counted, size, strides)
    return last(y)


def _windows(op: Op, x: Any) -> tuple[Window, Window]:
    o = op.options
    down = window(x.shape[1], o.filter_height, o.stride_h, 1, o.padding)
    return down, window(x.shape[2], o.filter_width, o.stride_w, 1, o.padding)


ROWS = {"AVERAGE_POOL_2D": average_pool_2d, "L2_POOL_2D": l2_pool_2d, "MAX_POOL_2D": max_pool_2d}
