"""Transposed convolution of images and volumes: each input spreads over the outputs its window covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, Window, shape_text, window
from delegraph.rules import bounded_padding, too_large

_AXES = {2: "hw", 3: "dhw"}


def output_windows(
    op: Op, shape: Sequence[int], sizes: Sequence[int], inputs: Sequence[int]
) -> list[Window]:
    """Lay the filter over the output: window i of an axis is what input i spreads over.

    :param shape: of the output: (batch, ..., channels)
    :param sizes: of the filter along each axis
    :param inputs: of the input along each axis
    """
    o = op.options
    windows = [
        window(n, size, getattr(o, f"stride_{a}"), o.get(f"dilation_{a}_factor", 1), o.padding)
        for a, n, size in zip(_AXES[len(sizes)], shape[1:-1], sizes, strict=True)
    ]
    found = [w.output for w in windows]
    if found != list(inputs):
        raise InputError(
            f"{op}: needs an output shape that leaves an input of {shape_text(inputs)}, "
            f"found {shape_text(shape)}, which leaves {shape_text(found)}"
        )
    reach = [_reach(w, n) for w, n in zip(windows, shape[1:-1], strict=True)]
    if excess := too_large((*reach, shape[-1]), shape[1:]):
        raise InputError(f"{op}: needs {bounded_padding.rule}, found {excess}")
    return windows


def spread(
    x: np.ndarray, weights: np.ndarray, windows: Sequence[Window], shape: Sequence[int]
) -> np.ndarray:
    """Return one image's sums, in the weights' type.

    :param x: (..., in): an image or a volume
    :param weights: (in, taps * out), the taps in the order of the filter's axes
    :param shape: of the result: (..., out)
    """
    sizes = [w.size for w in windows]
    spatial, out = x.shape[:-1], shape[-1]
    parts = np.matmul(x.reshape(-1, x.shape[-1]).astype(weights.dtype, copy=False), weights)
    parts = parts.reshape(*spatial, *sizes, out)
    reach = [_reach(w, n) for w, n in zip(windows, shape, strict=False)]
    canvas = np.zeros((*reach, out), weights.dtype)
    everywhere = (slice(None),) * len(spatial)
    for tap in np.ndindex(*sizes):
        place = tuple(
            slice(t * w.dilation, t * w.dilation + (w.output - 1) * w.stride + 1, w.stride)
            for t, w in zip(tap, windows, strict=True)
        )
        canvas[place] += parts[everywhere + tap]
    return canvas[tuple(slice(w.before, w.before + n) for w, n in zip(windows, shape, strict=False))]


def _reach(window: Window, size: int) -> int:
    """Return the elements along an axis that the windows and ``size`` elements of the output cover."""
    return max((window.output - 1) * window.stride + window.reach, window.before + size)
