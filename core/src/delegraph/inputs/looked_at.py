"""What people see or hear of an input: the picture or the sound that a model was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import field, frozen

from ..run import Interface
from .image import layout_of, size_of

_ARRAYS = (".npy", ".npz")


@frozen(hash=False)
class LookedAt:
    """The first input that is a picture or a sound."""

    file: str | None = None  # that can be opened as such; None: an array, or nothing of the kind
    is_sound: bool = False
    size: tuple[int, int] | None = None  # of the file's picture: width, height
    input_size: tuple[int, int] | None = None  # of the input that takes it
    pixels: np.ndarray | None = field(default=None, repr=False)  # the input's: (height, width, channels)


def looked_at(interface: Interface, files: Mapping[str, str], arrays: Mapping[str, np.ndarray]) -> LookedAt:
    """Return what there is to look at of a run's inputs.

    :param files: of each input; :param arrays: what was read of it
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
            return LookedAt(file if size else None, False, size, (pixels.shape[1], pixels.shape[0]), pixels)
    return LookedAt()
