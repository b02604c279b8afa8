"""A partition's constants on the device: all in one buffer, or each in its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyopencl as cl

from ..device.buffers import ALIGNMENT, Allocator
from ..device.handle import Handle
from ..device.status import failure
from ..program.launch import Packed, rounded_up
from .cached_parts import CachedParts
from .single_launch import At


class Constants:
    """Says where each constant lies; what is not there yet is uploaded when it is asked for."""

    def __init__(self, handle: Handle, allocator: Allocator, cached: CachedParts) -> None:
        self._handle, self._allocator, self._cached = handle, allocator, cached
        self._places: dict[str, At] = {}

    def at(self, packed: Packed, owner: object) -> At:
        """Return where a constant lies.

        :param owner: what needs it, for messages.
        """
        if packed.key not in self._places:
            array = self._cached.packed(packed)
            self._places[packed.key] = At(self.uploaded(array, owner), 0, array.nbytes)
            self._allocator.counts["weights"] += array.nbytes
        return self._places[packed.key]

    def uploaded(self, array: np.ndarray, owner: object) -> Any:
        """Return a buffer of its own with an array's values."""
        flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
        try:
            return cl.Buffer(self._handle.device.context, flags, hostbuf=array)
        except cl.Error as e:
            raise failure(f"{owner}: uploading {array.nbytes:,} bytes of weights", e) from e

    def load(self, constants: Iterable[Packed]) -> None:
        """Put constants into one buffer: where the cache read them to, if the device can use them there."""
        arrays = {packed.key: self._cached.packed(packed) for packed in constants}
        found = self._cached.places(arrays) if self._handle.device.shares_memory else None
        if found is None:
            self._load(arrays)
            return
        content, places = found
        buffer = self._allocator.buffer(content.nbytes, "weights", host=content)
        self._places = {key: At(buffer, place, arrays[key].nbytes) for key, place in places.items()}

    def _load(self, arrays: dict[str, np.ndarray]) -> None:
        unit = max(self._handle.device.alignment, ALIGNMENT)
        offsets = np.cumsum([0, *(rounded_up(a.nbytes, unit) for a in arrays.values())]).tolist()
        buffer = self._allocator.buffer(offsets[-1] + ALIGNMENT, "weights")
        for (key, array), offset in zip(arrays.items(), offsets, strict=False):
            self._places[key] = At(buffer, offset, array.nbytes)
            try:
                cl.enqueue_copy(self._handle.queue, buffer, array, dst_offset=offset, is_blocking=True)
            except cl.Error as e:
                about = f"{self._allocator.owner}: uploading {array.nbytes:,} bytes of weights"
                raise failure(about, e) from e
