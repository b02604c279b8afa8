"""The windows of convolutions and pools, and products as convolutions of single pixels."""

from __future__ import annotations

from delegraph import Window, frozen, window

from .node import Node


@frozen
class Geometry:
    """The windows of a convolution."""

    batch: int
    height: int
    width: int
    channels: int
    rows: Window
    columns: Window
    out_channels: int
    groups: int = 1

    @property
    def group_channels(self) -> int:
        return self.channels // self.groups

    @property
    def positions(self) -> int:
        return self.batch * self.rows.output * self.columns.output

    @property
    def taps(self) -> int:
        return self.rows.size * self.columns.size

    @property
    def is_product(self) -> bool:
        """Whether each window is one pixel, in the image's order."""
        steps = self.rows.stride * self.columns.stride
        return (
            self.taps == 1
            and steps == 1
            and self.groups == 1
            and not (self.rows.before or self.columns.before)
        )


def geometry(node: Node, kernel: tuple[int, int], out_channels: int, groups: int = 1) -> Geometry:
    """Return the windows of a CONV_2D or DEPTHWISE_CONV_2D node, over an image that a PAD made larger."""
    x, o = node.input(0), node.op.options
    pads = node.pads or ((0, 0),) * 4
    rows, columns = (
        _padded_window(x.shape[axis], pads[axis], size, stride, dilation, o.padding)
        for axis, size, stride, dilation in (
            (1, kernel[0], o.stride_h, o.dilation_h_factor),
            (2, kernel[1], o.stride_w, o.dilation_w_factor),
        )
    )
    batch, height, width, channels = x.shape
    return Geometry(batch, height, width, channels, rows, columns, out_channels, groups)


def _padded_window(size: int, pads: tuple[int, int], *rest: int | str) -> Window:
    found = window(size + sum(pads), *rest)  # type: ignore[arg-type]
    return Window(
        found.size, found.stride, found.dilation, found.output, found.before + pads[0], found.after
    )


def product(rows: int, depth: int, out_channels: int) -> Geometry:
    """Return the geometry of a plain product, of ``rows`` lines of ``depth`` numbers."""
    line = Window(1, 1, 1, 1, 0, 0)
    return Geometry(rows, 1, 1, depth, line, line, out_channels)
