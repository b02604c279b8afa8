"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: what they share."""

from __future__ import annotations

from delegraph import Op, needs

from .move_ops import shape_of


@needs("an image of 4 axes")
def image(op: Op) -> str | None:
    shape = shape_of(op)
    return None if len(shape) == 4 else f"shape {shape}"


@needs("either half_pixel_centers or align_corners")
def one_alignment(op: Op) -> str | None:
    return "both" if op.options.half_pixel_centers and op.options.align_corners else None
