"""How an input holds one image, and where in it a picture of another form has its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model import Tensor
from ..values import frozen

CHANNELS = (1, 3, 4)  # that a picture has


@frozen
class Layout:
    """Where height, width and channels stand in an input."""

    height: int  # 0 where the model leaves it open
    width: int
    channels: int
    order: str  # "hwc", "chw" or "hw"

    def placed(self, pixels: np.ndarray) -> np.ndarray:
        """Return values of (height, width, channels) in the input's order, without the batch."""
        if self.order == "hw":
            return pixels[..., 0]
        return pixels.transpose(2, 0, 1) if self.order == "chw" else pixels


def placed(size: Sequence[int], room: Sequence[int]) -> tuple[int, int, int, int]:
    """Return where a picture is that keeps its form in the middle of a room: left, top, width, height.

    :param size: width and height of the picture; :param room: those of the input
    """
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = (max(1, min(round(n * scale), most)) for n, most in zip(size, room, strict=True))
    return (room[0] - width) // 2, (room[1] - height) // 2, width, height


def layout_of(tensor: Tensor) -> Layout | None:
    """Return how an input holds one image; None if it does not look like one."""
    shape = tuple(tensor.shape_signature or tensor.shape or ())
    rest = shape[1:] if len(shape) in (3, 4) and shape[0] in (1, -1) else shape
    if len(rest) == 3 and rest[2] in CHANNELS:
        return _layout(rest[0], rest[1], rest[2], "hwc")
    if len(rest) == 3 and rest[0] in CHANNELS:
        return _layout(rest[1], rest[2], rest[0], "chw")
    if len(rest) == 2 and min(rest) > 1:  # an open size is a batch rather than a height
        return _layout(rest[0], rest[1], 1, "hw")
    return None


def _layout(height: int, width: int, channels: int, order: str) -> Layout:
    return Layout(max(height, 0), max(width, 0), channels, order)
