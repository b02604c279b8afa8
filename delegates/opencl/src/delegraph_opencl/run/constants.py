"""A partition's constants on the device: all in one buffer, or each in its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from itertools import accumulate
from typing import Any

import numpy as np
import pyopencl as cl
from delegraph import Tensor

from ..cache.digest import LARGE
from ..device.buffers import ALIGNMENT, Allocator
from ..device.handle import Handle
from ..device.status import failure
from ..program.launch import Packed, rounded_up
from .cached_parts import CachedParts
from .single_launch import At

_TOGETHER = 64 << 20  # bytes that the host holds at a time: what it makes of the model's tensors
_SHARE = 4  # or one of so many parts of what has been uploaded: a kernel takes few buffers
_UNRELEASED = 8 << 20  # bytes of constants that are made before what they are made of is released
_ROUNDS = 32  # of releasing all tensors, at the most


class Constants:
    """Says where each constant lies; what is not there yet is uploaded when it is asked for.

    :param tensors: what the constants are made of; those in a mapped file are released as that goes on.
    """

    def __init__(
        self, handle: Handle, allocator: Allocator, cached: CachedParts, tensors: Iterable[Tensor] = ()
    ) -> None:
        self._handle, self._allocator, self._cached = handle, allocator, cached
        self._large = [t for t in tensors if t.is_constant and (t.nbytes or 0) >= LARGE]
        self._most = max(_UNRELEASED, sum(t.nbytes or 0 for t in self._large) // _ROUNDS)
        self._unreleased = 0  # bytes made since tensors were released
        self._places: dict[str, At] = {}
        self._kept: set[str] = set()  # what a cache may have
        self._release()  # planning has looked at them

    def at(self, packed: Packed, owner: object) -> At:
        """Return where a constant lies.

        :param owner: what needs it, for messages.
        """
        if packed.key not in self._places:
            self._places |= self._read([packed]) or {packed.key: self._alone(packed, owner)}
        return self._places[packed.key]

    def uploaded(self, array: np.ndarray, owner: object, shared: bool = False) -> Any:
        """Return a buffer of its own with an array's values; shared: the array itself as one."""
        host = cl.mem_flags.USE_HOST_PTR if shared else cl.mem_flags.COPY_HOST_PTR
        flags = cl.mem_flags.READ_WRITE | host
        try:
            return cl.Buffer(self._handle.device.context, flags, hostbuf=array)
        except cl.Error as e:
            raise failure(f"{owner}: uploading {array.nbytes:,} bytes of weights", e) from e

    def load(self, constants: Sequence[Packed]) -> None:
        """Put constants into few buffers, or leave them where the cache read them to, if that can be.

        Those that a cache may have are in buffers of their own: a program has its number of buffers in it.
        """
        kept = [packed for packed in constants if packed.nbytes]
        self._places |= self._read(kept)
        self._load([packed for packed in kept if packed.key not in self._places])
        self._load([packed for packed in constants if not packed.nbytes])

    def kept(self) -> dict[str, tuple[int, Callable[[], np.ndarray]]]:
        """Return what a cache may keep: the bytes of each constant, and what reads them back."""
        places = {key: at for key, at in self._places.items() if key in self._kept}
        return {key: (at.nbytes, partial(self._read_back, at)) for key, at in places.items()}

    def _read(self, constants: Sequence[Packed]) -> dict[str, At]:
        """Return where constants lie in what the cache has read; nothing unless all do."""
        self._kept.update(packed.key for packed in constants if packed.nbytes)
        if not self._handle.device.shares_memory:
            return {}
        places = self._cached.places(constants)
        return {key: At(self._content, place, nbytes) for key, (place, nbytes) in places.items()}

    @cached_property
    def _content(self) -> Any:
        content = self._cached.content
        return self._allocator.buffer(content.nbytes, "weights", host=content)

    def _alone(self, packed: Packed, owner: object) -> At:
        array = self._made(packed)
        self._allocator.counts["weights"] += array.nbytes
        return At(self.uploaded(array, owner), 0, array.nbytes)

    def _load(self, constants: Iterable[Packed]) -> None:
        """Upload constants, many to a buffer: those of known sizes are made one at a time, others some."""
        largest = int(self._handle.device.found.device.max_mem_alloc_size) - ALIGNMENT
        waiting: dict[str, Packed | np.ndarray] = {}
        held = size = loaded = 0  # bytes: that the host holds, of this buffer, of those before it
        for packed in constants:
            found = packed if packed.nbytes else self._made(packed)
            nbytes = rounded_up(found.nbytes or 0, self._unit)
            if waiting and (held >= max(_TOGETHER, loaded // _SHARE) or size + nbytes > largest):
                self._upload(waiting)
                held, size, loaded = 0, 0, loaded + size
            waiting[packed.key] = found
            held, size = held + (0 if found is packed else nbytes), size + nbytes
        if waiting:
            self._upload(waiting)

    def _upload(self, constants: dict[str, Packed | np.ndarray]) -> None:
        """Put constants into one buffer, and forget them."""
        sizes = [rounded_up(found.nbytes or 0, self._unit) for found in constants.values()]
        buffer = self._allocator.buffer(sum(sizes) + ALIGNMENT, "weights")
        for key, offset in zip(list(constants), accumulate([0, *sizes]), strict=False):
            self._places[key] = self._put(constants.pop(key), buffer, offset)

    def _put(self, found: Packed | np.ndarray, buffer: Any, offset: int) -> At:
        array = self._made(found) if isinstance(found, Packed) else found
        try:
            cl.enqueue_copy(self._handle.queue, buffer, array, dst_offset=offset, is_blocking=True)
        except cl.Error as e:
            about = f"{self._allocator.owner}: uploading {array.nbytes:,} bytes of weights"
            raise failure(about, e) from e
        return At(buffer, offset, array.nbytes)

    def _read_back(self, at: At) -> np.ndarray:
        array = np.empty(at.nbytes, np.uint8)
        try:
            cl.enqueue_copy(self._handle.queue, array, at.buffer, src_offset=at.offset, is_blocking=True)
        except cl.Error as e:
            raise failure(f"{self._allocator.owner}: reading back {at.nbytes:,} bytes of weights", e) from e
        return array

    @property
    def _unit(self) -> int:
        return max(self._handle.device.alignment, ALIGNMENT)

    def _made(self, packed: Packed) -> np.ndarray:
        """Return a constant in its form; now and then, release what such are made of."""
        array = self._cached.packed(packed)
        self._unreleased += array.nbytes
        if self._unreleased >= self._most:
            self._release()
        return array

    def _release(self) -> None:
        self._unreleased = 0
        for tensor in self._large:
            tensor.release()
