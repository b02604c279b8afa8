"""The windows that a 2-D filter lays over images: padding, patches, and blocks of rows that fit the cache.

Source: tflite/kernels/padding.h; the order of a patch is that of the filters, (height, width, channels).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, Window, frozen, window
from numpy.lib.stride_tricks import as_strided


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
        rows = self.rows.output
        step = even_step(rows, budget // max(per_position * self.columns.output, 1))
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


def even_step(size: int, most: int) -> int:
    """Return how many of ``size`` are a block, at most ``most``: blocks of about one length."""
    blocks = -(-size // max(most, 1))
    return max(-(-size // max(blocks, 1)), 1)


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
