"""REDUCE_WINDOW and STABLEHLO_REDUCE_WINDOW: what they share."""

from __future__ import annotations

import numpy as np
from delegraph import Op, frozen, needs, shape_text
from delegraph.rules import shape_of

_LOGICAL = (np.logical_and, np.logical_or)
_COMPARISONS = {np.maximum: np.greater, np.minimum: np.less}


@frozen
class Sliding:
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]


def reduce_windows(x: np.ndarray, init: np.ndarray, windows: Sliding, reduce: np.ufunc) -> np.ndarray:
    """Return one value for each place of the window; the reduction starts with ``init``.

    float32 is reduced in float64, integers wrap.
    """
    reaches = [(k - 1) * n + 1 for k, n in zip(windows.sizes, windows.dilations, strict=True)]
    spec = list(zip(x.shape, reaches, windows.strides, strict=True))
    if any(reach > d for d, reach, _ in spec):
        return np.empty([max((d - reach) // stride + 1, 0) for d, reach, stride in spec], x.dtype)
    if x.dtype.kind == "f" and reduce in _COMPARISONS:
        return _extremes(_views(x, reaches, windows), init, _COMPARISONS[reduce])
    wide = x.astype(np.float64) if x.dtype == np.float32 else x
    views = _views(wide, reaches, windows)
    axes = tuple(range(x.ndim, 2 * x.ndim))
    found = reduce.reduce(views, axes, dtype=bool if reduce in _LOGICAL else wide.dtype)
    return np.asarray(reduce(found, init.reshape(()).astype(wide.dtype)), x.dtype)


def _extremes(views: np.ndarray, init: np.ndarray, beyond: np.ufunc) -> np.ndarray:
    """Return the extremes of what lies under a window, taken one after the other: as LiteRT has it, the
    later of two that are equal or cannot be compared (NaN).
    """
    rank = views.ndim // 2
    found = np.full(views.shape[:rank], init.reshape(()), views.dtype)
    for tap in np.ndindex(views.shape[rank:]):
        at = (Ellipsis, *tap)
        values = views[at]
        found = np.where(beyond(found, values), found, values)
    return found


def _views(x: np.ndarray, reaches: list[int], windows: Sliding) -> np.ndarray:
    """Return (places, taps): for each place of the window what lies under it."""
    views = np.lib.stride_tricks.sliding_window_view(x, reaches)
    steps = (*windows.strides, *windows.dilations)
    return np.asarray(views[tuple(slice(None, None, step) for step in steps)])


@needs("one initial value")
def one_initial_value(op: Op) -> str | None:
    shape = shape_of(op.inputs[1])
    return None if np.prod(shape, dtype=np.int64) == 1 else f"shape {shape_text(shape)}"
