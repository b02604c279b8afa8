"""Depthwise convolution: each channel under its own filters, a row of the image at a time.

A row of outputs is the sum over the taps of a run of the image, width times channels long, times the tap's
weights repeated along the width: one einsum whose inner loop is as long as the row.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .kernel import Finish
from .threads import each
from .windows import Windows

_BUDGET = 1 << 17  # elements of a block's sums; a thread costs more than it saves with less
_RUN = 4096  # elements of weights repeated along the width, if the width divides so


def repeated_weights(weights: np.ndarray, width: int) -> np.ndarray:
    """Return weights (height, width, channels) as (height, width, n * channels), n dividing ``width``."""
    channels = weights.shape[2]
    fitting = (n for n in range(width, 0, -1) if width % n == 0 and n * channels <= _RUN)
    return np.tile(weights, (1, 1, next(fitting, 1)))


def convolve_depthwise(
    x: np.ndarray, windows: Windows, weights: np.ndarray, out: np.ndarray, finish: Finish, fill: float = 0
) -> np.ndarray:
    """Write ``finish`` of the sums of ``weights * x`` under each window to ``out`` and return it.

    :param x: (batch, height, width, channels)
    :param weights: as ``repeated_weights`` gives them; sums are computed in their type
    :param out: (batch, rows, columns, channels * multiplier)
    :param finish: called with sums (n, channels * multiplier) and the part of ``out`` they belong to
    :param fill: what x is outside the image
    """
    if not out.size:
        return out
    channels = out.shape[3]
    rows = windows.blocks(channels, _BUDGET)

    def work(block: tuple[int, int, int]) -> None:
        image, first, last = block
        part = out[image, first:last].reshape(-1, channels)
        runs = _runs(windows, x[image], first, last, fill, weights, channels)
        sums = part if out.dtype == weights.dtype else np.empty(part.shape, weights.dtype)
        np.einsum("hwijm,ijm->hwm", runs, weights, out=sums.reshape(runs.shape[0], runs.shape[1], -1))
        finish(sums, part)

    each(work, [(image, first, last) for image in range(len(x)) for first, last in rows])
    return out


def _runs(
    windows: Windows,
    image: np.ndarray,
    first: int,
    last: int,
    fill: float,
    weights: np.ndarray,
    channels: int,
) -> np.ndarray:
    """Return runs of the image as a view: (rows, runs of a row, height, width, run)."""
    r, c = windows.rows, windows.columns
    seen = windows.padded(image, first, last, fill, weights.dtype)
    if seen.shape[2] != channels:
        seen = np.repeat(seen, channels // seen.shape[2], axis=2)
    seen = np.ascontiguousarray(seen)  # the image may be a view of something wider
    down, right, deep = seen.strides
    tap = right * c.dilation
    if c.stride > 1:  # neighbors of the output lie apart: bring them together, once for each tap of a row
        view = as_strided(
            seen,
            (len(seen), c.size, c.output, channels),
            (down, tap, right * c.stride, deep),
            writeable=False,
        )
        seen = view.copy()
        down, tap, right, deep = seen.strides
    run = weights.shape[2]
    return as_strided(
        seen,
        (last - first, c.output * channels // run, r.size, c.size, run),
        (down * r.stride, run * deep, down * r.dilation, tap, deep),
        writeable=False,
    )
