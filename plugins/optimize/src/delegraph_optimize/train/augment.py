"""Other variants of image samples in each epoch: mirror images, parts, other brightness and contrast.

A sample's variant follows from the seed, the epoch and its number alone: it is the same in whichever batch
and process it is made, and after a checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import InputError

from .torch_extra import F

_IMAGE = 4  # axes: (batch, height, width, channels)
_STREAM = 1 << 21  # sets what is drawn here apart from the order of the samples
_LEAST = 0.5  # of an image's area: a part has as much or more
_STRETCHED = 4 / 3  # so much wider or higher than the image a part is at most
_CONTRAST, _BRIGHTNESS = 0.2, 0.1  # at most: a share of what it was, of the range of all samples
Limits = tuple[float, float]  # the lowest and highest value that samples have


@frozen
class Augmentation:
    """What varies samples, and the limits of their image inputs, by place."""

    names: tuple[str, ...]
    seed: int
    limits: Mapping[int, Limits]

    @classmethod
    def of(cls, names: tuple[str, ...], seed: int, rows: Sequence[Sequence[Any]]) -> Augmentation:
        """:param rows: the samples that are trained on: tensors of their inputs"""
        places = [i for i, x in enumerate(rows[0]) if _is_image(x)] if names and rows else []
        limits = {i: (_least(row[i] for row in rows), -_least(-row[i] for row in rows)) for i in places}
        return cls(names, seed, limits)

    def variant(self, row: Sequence[Any], epoch: int, number: int) -> list[Any]:
        """Return a sample as an epoch sees it: its images are all varied alike.

        :param row: tensors of its inputs
        :param number: of the sample
        """
        found = list(row)
        for place, limits in self.limits.items():
            rng = np.random.default_rng([_STREAM, self.seed, epoch, number])
            for name in self.names:
                found[place] = VARIANTS[name](found[place], limits, rng)
        return found


def check_names(names: Sequence[str]) -> None:
    """:raises InputError: there is no such way to vary a sample"""
    for name in names:
        if name not in VARIANTS:
            raise InputError(f"augment needs some of {', '.join(VARIANTS)}, found {name!r}")


def check_images(inputs: Iterable[np.ndarray]) -> None:
    """:raises InputError: none of a sample's inputs are images"""
    if not any(x.ndim == _IMAGE and x.dtype == np.float32 for x in inputs):
        raise InputError("augment needs an input of images: float32, (batch, height, width, channels)")


def _is_image(x: Any) -> bool:
    return bool(x.dim() == _IMAGE and x.is_floating_point())


def _least(images: Iterable[Any]) -> float:
    return min(float(x.min()) for x in images)


def _mirror(x: Any, limits: Limits, rng: np.random.Generator) -> Any:
    """Return an image, or its mirror image."""
    return x.flip(2) if rng.random() < 0.5 else x


def _crop(x: Any, limits: Limits, rng: np.random.Generator) -> Any:
    """Return a part of an image, as large as the image."""
    size = x.shape[1:3]
    side, stretch = math.sqrt(rng.uniform(_LEAST, 1.0)), math.sqrt(_STRETCHED ** rng.uniform(-1.0, 1.0))
    height, width = (
        max(min(round(n * s), n), 1) for n, s in zip(size, (side * stretch, side / stretch), strict=True)
    )
    top, left = int(rng.integers(size[0] - height + 1)), int(rng.integers(size[1] - width + 1))
    part = x[:, top : top + height, left : left + width].permute(0, 3, 1, 2)
    return F.interpolate(part, size=size, mode="bilinear", align_corners=False).permute(0, 2, 3, 1)


def _colour(x: Any, limits: Limits, rng: np.random.Generator) -> Any:
    """Return an image of another contrast and brightness, within the limits."""
    low, high = limits
    contrast = 1 + rng.uniform(-_CONTRAST, _CONTRAST)
    brightness = (high - low) * rng.uniform(-_BRIGHTNESS, _BRIGHTNESS)
    mean = x.mean()
    return ((x - mean) * contrast + mean + brightness).clamp(low, high)


VARIANTS: dict[str, Callable[[Any, Limits, np.random.Generator], Any]] = {
    "mirror": _mirror,
    "crop": _crop,
    "colour": _colour,
}
