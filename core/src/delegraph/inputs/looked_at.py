"""What people see or hear of an input: the picture or the sound that a model was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..run import Interface
from ..values import field, frozen
from .families import family_of
from .image import keeps_aspect, size_of
from .layout import layout_of, placed

_ARRAYS = (".npy", ".npz")


@frozen(hash=False)
class LookedAt:
    """The first input that is a picture or a sound."""

    file: str | None = None  # that can be opened as such; None: an array, or nothing of the kind
    is_sound: bool = False
    heard: float = 0.0  # seconds of the sound that the model is given, from its beginning; 0: not known
    size: tuple[int, int] | None = None  # of the file's picture: width, height
    input_size: tuple[int, int] | None = None  # of the input that takes it
    pixels: np.ndarray | None = field(default=None, repr=False)  # the input's: (height, width, channels)
    # Where the picture is in the input, as shares of its size: left, top, right, bottom; the rest is bars.
    window: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


def looked_at(
    interface: Interface,
    files: Mapping[str, str],
    arrays: Mapping[str, np.ndarray],
    fit: str | None = None,
) -> LookedAt:
    """Return what there is to look at of a run's inputs.

    :param files: of each input; :param arrays: what was read of it; :param fit: as it was read
    """
    for a in interface.inputs:
        file, array = files.get(a.name, ""), arrays[a.name]
        kind = Path(file).suffix.lower()
        if kind == ".wav":
            return LookedAt(file, is_sound=True)
        layout = layout_of(a.tensor)
        if layout is not None and array.ndim in (2, 3, 4) and array.size:
            plane = array.reshape(array.shape[-3:] if layout.order != "hw" else (*array.shape[-2:], 1))
            pixels: np.ndarray = plane.transpose(1, 2, 0) if layout.order == "chw" else plane
            size = None if kind in _ARRAYS or not file else size_of(file)
            room = pixels.shape[1], pixels.shape[0]
            has_bars = size is not None and keeps_aspect(family_of(interface), fit)
            window = _window(size, room) if size is not None and has_bars else (0.0, 0.0, 1.0, 1.0)
            seen = file if size else None
            return LookedAt(seen, size=size, input_size=room, pixels=pixels, window=window)
    return LookedAt()


def _window(size: tuple[int, int], room: tuple[int, int]) -> tuple[float, float, float, float]:
    left, top, width, height = placed(size, room)
    return left / room[0], top / room[1], (left + width) / room[0], (top + height) / room[1]
