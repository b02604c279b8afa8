"""Convolution as matrix products: patches of some rows of the image times the filters, block by block.

A block's patches and sums stay in the cache from the copy to the last rounding. Used by every kernel whose
filters see all channels of a group: float, integer and hybrid.
"""

from __future__ import annotations

import numpy as np

from .kernel import Finish
from .threads import each, thread_count
from .windows import Windows, even_step

_BUDGET = 1 << 18  # elements of patches and sums in a block: a MiB of float32
_SHARE = 1 << 17  # elements below which another thread costs more than it saves: see ``threads``
_SHORT_RUN = 16  # elements: where neighbors in memory are fewer, a copy goes along the image's width


def packed_filters(filters: np.ndarray, groups: int = 1) -> np.ndarray:
    """Return filters (out, height, width, in) as (groups, height * width * in, out // groups)."""
    return np.ascontiguousarray(unpacked_filters(filters, groups))


def unpacked_filters(filters: np.ndarray, groups: int = 1) -> np.ndarray:
    """Return the same as a view of the filters: BLAS reads it as fast, and it is there at once."""
    return np.asarray(filters.reshape(groups, filters.shape[0] // groups, -1).swapaxes(1, 2))


def convolve(
    x: np.ndarray, windows: Windows, weights: np.ndarray, out: np.ndarray, finish: Finish, fill: float = 0
) -> np.ndarray:
    """Write ``finish`` of the sums of ``weights * x`` under each window to ``out`` and return it.

    :param x: (batch, height, width, channels)
    :param weights: from ``packed_filters`` or ``unpacked_filters``; sums are computed in their type
    :param out: (batch, rows, columns, filters)
    :param finish: called with sums (n, filters) and their part of ``out``, also (n, filters); both are the
        same array where ``out`` has the weights' type
    :param fill: what x is outside the image
    """
    if not out.size:
        return out
    filters = out.shape[3]
    if windows.are_pixels and len(weights) == 1:
        multiply(x.reshape(-1, x.shape[3]), weights[0], out.reshape(-1, filters), finish)
        return out
    per_position = windows.taps * windows.channels + filters
    positions = windows.rows.output * windows.columns.output
    rows = windows.blocks(per_position, _budget(weights, len(x) * positions * per_position))

    def work(block: tuple[int, int, int]) -> None:
        image, first, last = block
        patches = _patches(windows, x[image], first, last, fill, weights)
        part = out[image, first:last].reshape(-1, filters)
        finish(_products(patches, weights, part), part)

    each(work, [(image, first, last) for image in range(len(x)) for first, last in rows])
    return out


def multiply(x: np.ndarray, weights: np.ndarray, out: np.ndarray, finish: Finish) -> None:
    """Write ``finish`` of the products x (n, depth) times weights (depth, columns) to ``out``."""
    width = max(x.shape[1] + out.shape[1], 1)
    if len(x) * width <= _SHARE:  # one block
        finish(_product(x.astype(weights.dtype, copy=False), weights, out), out)
        return
    step = even_step(len(x), _budget(weights, len(x) * width) // width)

    def work(first: int) -> None:
        part = out[first : first + step]
        rows = x[first : first + step].astype(weights.dtype, copy=False)
        finish(_product(rows, weights, part), part)

    each(work, range(0, len(x), step))


def _budget(weights: np.ndarray, elements: int) -> int:
    """Return the elements of a block, of ``elements`` in all.

    A product reads all weights, so small blocks do not pay where they are large.
    """
    best = max(_BUDGET, min(2 * weights.size, 1 << 21))
    share = -(-elements // thread_count())  # each thread should have some, if it is worth its while
    return min(best, max(share, _SHARE))


def _products(patches: np.ndarray, weights: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return patches (groups, n, depth) times weights (groups, depth, filters) as (n, groups * filters)."""
    if len(weights) > 1:
        return np.matmul(patches, weights).swapaxes(0, 1).reshape(out.shape)  # type: ignore[no-any-return]
    return _product(patches[0], weights[0], out)


def _product(x: np.ndarray, weights: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return the product in the weights' type, which is ``out`` itself if it has that type."""
    return np.matmul(x, weights, out=out if out.dtype == weights.dtype else None)


def _patches(
    windows: Windows, image: np.ndarray, first: int, last: int, fill: float, weights: np.ndarray
) -> np.ndarray:
    """Return the patches of some output rows: (groups, positions, depth), in the weights' type."""
    seen = windows.padded(image, first, last, fill, image.dtype)
    view = windows.patches(seen, last - first)
    rows, columns, _, wide, channels = view.shape
    groups = len(weights)
    if groups > 1:
        apart = view.reshape(*view.shape[:4], groups, channels // groups).transpose(4, 0, 1, 2, 3, 5)
        return _copy(apart, weights.dtype).reshape(groups, rows * columns, -1)
    if wide * channels < _SHORT_RUN:
        deep = _copy(view.transpose(2, 3, 4, 0, 1), weights.dtype)
        return np.asarray(deep.reshape(1, -1, rows * columns).swapaxes(1, 2))
    return _copy(view, weights.dtype).reshape(1, rows * columns, -1)


def _copy(view: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.asarray(view.astype(dtype, order="C"))
