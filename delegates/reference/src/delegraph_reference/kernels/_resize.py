"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: what they share."""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, needs

from ._movement import ints, shape_of


@needs("an image of 4 axes")
def image(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return None if len(shape) == 4 else f"shape {shape}"


@needs("either half_pixel_centers or align_corners")
def one_alignment(op: Op) -> str | None:
    return "both" if op.options.half_pixel_centers and op.options.align_corners else None


def new_size(values: np.ndarray) -> tuple[int, int]:
    """Return the height and width that the operand ``size`` holds."""
    size = ints(values)
    if len(size) != 2 or min(size) < 1:
        raise InputError(f"needs a height and a width of at least 1, found {size}")
    return size[0], size[1]
