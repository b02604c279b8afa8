"""Weights that are infinite or NaN, under windows that reach beyond an image.

LiteRT passes over what lies outside; the patches of a product of matrices hold zeros there, and 0 times
infinity is NaN. So such weights are ones of their sign in that product, and what they really give is added
where they lie inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from delegraph import Window

from .kernel import Finish
from .weights import Apply

Make = Callable[[np.ndarray, Finish], Apply]  # (weights, finish) -> apply(x)
# (depth, filters) -> the channel of x that the element at this depth of each filter belongs to
Sees = Callable[[int, np.ndarray], np.ndarray]


def make_apart(
    make: Make,
    weights: np.ndarray,
    finish: Finish,
    windows: Sequence[Window],
    columns: np.ndarray,
    sees: Sees,
) -> Apply:
    """Return ``make(weights, finish)``, right on borders whatever the weights are.

    :param windows: of each axis of the image
    :param columns: the weights as (taps of each axis, ..., depth, filters): a view of them
    :param sees: what filters see
    """
    if not any(w.before or w.after for w in windows) or np.isfinite(weights).all():
        return make(weights, finish)
    odd = ~np.isfinite(columns)
    # What a 1 adds is lost in the infinity or NaN that comes; an infinite input times 0 would be NaN.
    ones = np.copysign(1, weights, dtype=weights.dtype)
    finite = make(np.where(np.isfinite(weights), weights, ones), _stored)

    def apply(x: np.ndarray) -> np.ndarray:
        out = finite(x)
        for *tap, depth in np.argwhere(odd.any(axis=-1)):
            at = (*tap, depth)
            filters = np.flatnonzero(odd[at])
            places = [_inside(*of_axis) for of_axis in zip(windows, tap, x.shape[1:-1], strict=True)]
            images = np.arange(len(x))
            seen = x[np.ix_(images, *(source for _, source in places), sees(depth, filters))]
            out[np.ix_(images, *(to for to, _ in places), filters)] += seen * columns[at][filters]
        rows = out.reshape(-1, out.shape[-1])
        finish(rows, rows)
        return out

    return apply


def _stored(sums: np.ndarray, out: np.ndarray) -> None:
    if sums is not out:
        out[...] = sums


def _inside(window: Window, tap: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of a window at which a tap lies inside the image, and where it lies."""
    places = np.arange(window.output)
    sources = places * window.stride - window.before + tap * window.dilation
    inside = (sources >= 0) & (sources < size)
    return places[inside], sources[inside]
