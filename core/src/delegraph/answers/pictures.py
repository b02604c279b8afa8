"""The picture of an answer: over the file that was given, or over the values of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..inputs.image import picture
from ..inputs.looked_at import LookedAt
from ..inputs.wav import read_wav
from ..values import evolve
from .seen import Said
from .tasks import TASKS

if TYPE_CHECKING:
    from PIL.Image import Image


def picture_of(looked_at: LookedAt, said: Sequence[Said]) -> Image:
    """Return what the answer looks like over its input.

    :raises InputError: there is no answer, nothing to draw it on, or no Pillow to draw it with
    """
    if not said:
        raise InputError(
            "there is nothing to draw: the outputs are none of the known tasks; --task says which"
        )
    task = said[0].task
    try:
        import PIL  # noqa: F401
    except ImportError as e:
        raise InputError(
            'drawing needs Pillow, which is not installed; pip install "delegraph[image]"'
        ) from e
    plain = "classify" if task == "audio" else task  # over what is no sound
    if looked_at.is_sound and looked_at.file is not None:
        if plain != "classify":
            raise InputError(f"there is nothing to draw {task} on: the input is a sound")
        sound = evolve(read_wav(looked_at.file), heard=looked_at.heard)
        return TASKS["audio"].draw(sound, list(said))
    if looked_at.pixels is None and plain == "classify":
        return TASKS[plain].draw(_strip(), list(said))  # a chart needs no picture
    if looked_at.pixels is None:
        raise InputError(f"there is nothing to draw {task} on: the input is neither a picture nor a sound")
    if looked_at.file is not None:
        return TASKS[plain].draw(picture(looked_at.file), list(said))
    return TASKS[plain].draw(_of_values(looked_at.pixels), list(said))


def _strip() -> Image:
    from PIL import Image

    return Image.new("RGB", (480, 1), "white")


def _of_values(pixels: np.ndarray) -> Image:
    """Return the input's own values as a picture, from the lowest to the highest."""
    from PIL import Image

    values = pixels.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scaled = np.nan_to_num((values - low) / ((high - low) or 1.0)).clip(0, 1) * 255
    colours = scaled[..., :3] if scaled.shape[-1] >= 3 else np.repeat(scaled[..., :1], 3, axis=-1)
    return Image.fromarray(colours.astype(np.uint8))
