"""Images, and windows that slide over them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..contract import needs
from ..model import Op
from ..numbers import window
from ..text import shape_text
from .operands import operand_shape

_SIZES = (
    "filter_height",
    "filter_width",
    "stride_h",
    "stride_w",
    "dilation_h_factor",
    "dilation_w_factor",
)


@needs("window sizes, strides and dilations of at least 1")
def real_windows(op: Op) -> str | None:
    """The filter's own size is its shape's, where it is no option."""
    low = [f"{name} = {op.options.get(name)}" for name in _SIZES if op.options.get(name, 1) < 1]
    return ", ".join(low) or None


@needs("dilations whose padding makes an image at most 64 times larger, or of at most 2**20 elements")
def bounded_padding(op: Op) -> str | None:
    """A dilation far larger than the image is a mistake, and the padded image would fill the memory."""
    if real_windows.found(op):
        return None
    x, filters, o = operand_shape(op, 0), operand_shape(op, 1), op.options
    rows = window(x[1], filters[1], o.stride_h, o.get("dilation_h_factor", 1), o.padding)
    columns = window(x[2], filters[2], o.stride_w, o.get("dilation_w_factor", 1), o.padding)
    padded = [w.before + n + w.after for w, n in ((rows, x[1]), (columns, x[2]))]
    return too_large((*padded, x[3]), x[1:])


def too_large(padded: Sequence[int], shape: Sequence[int]) -> str | None:
    """Return what is wrong if padding ``shape`` to ``padded`` takes memory out of proportion."""
    if prod(padded) <= max(64 * prod(shape), 1 << 20):
        return None
    return f"{shape_text(shape)} padded to {shape_text(padded)}"


@needs("a radius of less than 2**30")
def bounded_radius(op: Op) -> str | None:
    """Refuse a LOCAL_RESPONSE_NORMALIZATION of which LiteRT adds radius and channel beyond int32."""
    radius = op.options.radius
    return None if radius < 1 << 30 else str(radius)


@needs("an image of 4 axes")
def image(op: Op) -> str | None:
    shape = operand_shape(op, 0)
    return None if len(shape) == 4 else f"shape {shape_text(shape)}"


@needs("x and places (batch, height, width, channels)")
def same_images(op: Op) -> str | None:
    x, places = operand_shape(op, 0), operand_shape(op, 1)
    return None if len(x) == 4 and x == places else f"{shape_text(x)} and {shape_text(places)}"


@needs("either half_pixel_centers or align_corners")
def one_alignment(op: Op) -> str | None:
    return "both" if op.options.half_pixel_centers and op.options.align_corners else None
