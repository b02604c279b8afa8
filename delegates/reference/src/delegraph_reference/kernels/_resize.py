"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: what they share."""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, needs, shape_text
from delegraph.rules import shape_of

from ._movement import ints


@needs("an image that is not empty")
def some_pixels(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return f"shape {shape_text(shape)}" if 0 in shape[1:3] else None


def new_size(values: np.ndarray) -> tuple[int, int]:
    """Return the height and width that the operand ``size`` holds."""
    size = ints(values)
    if len(size) != 2 or min(size) < 1:
        raise InputError(f"needs a height and a width of at least 1, found {size}")
    return size[0], size[1]
