"""A partition's constants on the device: all in one buffer, or each in its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyopencl as cl
from delegraph import Tensor

from ..device.buffers import ALIGNMENT, Allocator
from ..device.handle import Handle
from ..device.status import failure
from ..program.launch import Packed, rounded_up
from .cached_parts import CachedParts
from .single_launch import At

_LARGE = 1 << 20  # bytes of a tensor whose pages in a mapped file are worth giving back
_TOGETHER = 64 << 20  # bytes that the host holds at a time: what it makes of the model's tensors
_SHARE = 4  # or one of so many parts of what has been uploaded: a kernel takes few buffers


class Constants:
    """Says where each constant lies; what is not there yet is uploaded when it is asked for.

    :param tensors: what the constants are made of; those in a mapped file are released as that goes on.
    """

    def __init__(
        self, handle: Handle, allocator: Allocator, cached: CachedParts, tensors: Iterable[Tensor] = ()
    ) -> None:
        self._handle, self._allocator, self._cached = handle, allocator, cached
        self._large = [t for t in tensors if t.is_constant and (t.nbytes or 0) >= _LARGE]
        self._unreleased = 0  # bytes made since tensors were released
        self._places: dict[str, At] = {}

    def at(self, packed: Packed, owner: object) -> At:
        """Return where a constant lies.

        :param owner: what needs it, for messages.
        """
        if packed.key not in self._places:
            array = self._made(packed)
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

    def load(self, constants: Sequence[Packed]) -> None:
        """Put constants into few buffers, or leave them where the cache read them to, if that can be."""
        found = self._cached.places(constants) if self._handle.device.shares_memory else None
        if found is None:
            self._load(constants)
            return
        content, places = found
        buffer = self._allocator.buffer(content.nbytes, "weights", host=content)
        self._places = {key: At(buffer, place, nbytes) for key, (place, nbytes) in places.items()}

    def _load(self, constants: Iterable[Packed]) -> None:
        """Make constants and upload them, some at a time."""
        waiting: dict[str, np.ndarray] = {}
        size = loaded = 0
        for packed in constants:
            waiting[packed.key] = self._made(packed)
            size += waiting[packed.key].nbytes
            if size >= max(_TOGETHER, loaded // _SHARE):
                self._upload(waiting)
                loaded, size = loaded + size, 0
        if waiting:
            self._upload(waiting)

    def _upload(self, arrays: dict[str, np.ndarray]) -> None:
        """Put arrays into one buffer, and forget them."""
        unit = max(self._handle.device.alignment, ALIGNMENT)
        offsets = np.cumsum([0, *(rounded_up(a.nbytes, unit) for a in arrays.values())]).tolist()
        buffer = self._allocator.buffer(offsets[-1] + ALIGNMENT, "weights")
        for key, offset in zip(list(arrays), offsets, strict=False):
            array = arrays.pop(key)
            self._places[key] = At(buffer, offset, array.nbytes)
            try:
                cl.enqueue_copy(self._handle.queue, buffer, array, dst_offset=offset, is_blocking=True)
            except cl.Error as e:
                about = f"{self._allocator.owner}: uploading {array.nbytes:,} bytes of weights"
                raise failure(about, e) from e

    def _made(self, packed: Packed) -> np.ndarray:
        """Return a constant in its form; now and then, release what such are made of."""
        array = self._cached.packed(packed)
        self._unreleased += array.nbytes
        if self._unreleased >= _TOGETHER:
            self._unreleased = 0
            for tensor in self._large:
                tensor.release()
        return array
