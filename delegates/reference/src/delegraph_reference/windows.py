"""The windows that a 2-D filter lays over images: padding, patches, and blocks of rows that fit the cache.

Source: tflite/kernels/padding.h; the order of a patch is that of the filters, (height, width, channels).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from attrs import frozen
from delegraph import Op, Window, needs, window
from numpy.lib.stride_tricks import as_strided

from .weights import operand_shape


@frozen
class Windows:
    """The windows of a filter over images of shape (height, width, channels)."""

    rows: Window
    columns: Window
    height: int
    width: int
    channels: int

    @property
    def taps(self) -> int:
        return self.rows.size * self.columns.size

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        return self.rows.output, self.columns.output

    @property
    def is_padded(self) -> bool:
        return any(w.before or w.after for w in (self.rows, self.columns))

    @property
    def are_pixels(self) -> bool:
        """Whether each window is one element of the image, in the image's order."""
        return self.taps == 1 and self.rows.stride == self.columns.stride == 1 and not self.is_padded

    def blocks(self, per_position: int, budget: int) -> list[tuple[int, int]]:
        """Return ranges of output rows of about ``budget`` elements, ``per_position`` for each position."""
        step, rows = max(budget // max(per_position * self.columns.output, 1), 1), self.rows.output
        return [(first, min(first + step, rows)) for first in range(0, rows, step)]

    def padded(self, image: np.ndarray, first: int, last: int, fill: float, dtype: np.dtype) -> np.ndarray:
        """Return what the windows of output rows ``first`` to ``last`` see: (rows, columns, channels).

        Outside the image it is ``fill``. A view of the image where no padding or conversion is needed.
        """
        rows, columns = self.rows, self.columns
        top = first * rows.stride - rows.before
        count = (last - first - 1) * rows.stride + rows.reach
        if not self.is_padded and image.dtype == dtype:
            return image[top : top + count]
        seen = np.empty((count, columns.before + self.width + columns.after, self.channels), dtype)
        start, stop = max(-top, 0), min(self.height - top, count)
        seen[:start] = fill
        seen[stop:] = fill
        inside = seen[start:stop]
        inside[:, : columns.before] = fill
        inside[:, columns.before + self.width :] = fill
        np.copyto(inside[:, columns.before : columns.before + self.width], image[top + start : top + stop])
        return seen

    def patches(self, seen: np.ndarray, rows: int) -> np.ndarray:
        """Return the windows over ``padded`` as a view: (rows, columns, height, width, channels)."""
        down, right, deep = seen.strides
        r, c = self.rows, self.columns
        return as_strided(
            seen,
            (rows, c.output, r.size, c.size, self.channels),
            (down * r.stride, right * c.stride, down * r.dilation, right * c.dilation, deep),
            writeable=False,
        )


def windows_of(op: Op, shape: tuple[int, ...], size: tuple[int, int]) -> Windows:
    """Lay a filter of ``size`` (height, width) over images, with the op's strides, dilations and padding.

    :param shape: of the images: (batch, height, width, channels)
    """
    _, height, width, channels = shape
    o = op.options
    dilation = o.get("dilation_h_factor", 1), o.get("dilation_w_factor", 1)
    rows = window(height, size[0], o.stride_h, dilation[0], o.padding)
    columns = window(width, size[1], o.stride_w, dilation[1], o.padding)
    return Windows(rows, columns, height, width, channels)


@needs("window sizes, strides and dilations of at least 1")
def real_windows(op: Op) -> str | None:
    """The filter's own size is its shape's, where it is no option."""
    names = (
        "filter_height",
        "filter_width",
        "stride_h",
        "stride_w",
        "dilation_h_factor",
        "dilation_w_factor",
    )
    low = [f"{name} = {op.options.get(name)}" for name in names if op.options.get(name, 1) < 1]
    return ", ".join(low) or None


@needs("dilations whose padding makes an image at most 64 times larger, or of at most 2**20 elements")
def bounded_padding(op: Op) -> str | None:
    """A dilation far larger than the image is a mistake, and the padded image would fill the memory."""
    if real_windows.found(op):
        return None
    x, (_, height, width, _) = operand_shape(op, 0), operand_shape(op, 1)
    w = windows_of(op, x, (height, width))
    padded = [a.before + n + a.after for a, n in ((w.rows, w.height), (w.columns, w.width))]
    return too_large((*padded, w.channels), x[1:])


def too_large(padded: Sequence[int], shape: Sequence[int]) -> str | None:
    """Return what is wrong if padding ``shape`` to ``padded`` takes memory out of proportion."""
    if prod(padded) <= max(64 * prod(shape), 1 << 20):
        return None
    return f"{tuple(shape)} padded to {tuple(padded)}"
