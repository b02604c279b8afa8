"""What the cache on disk has of a partition, as long as that matters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyopencl as cl

from ..cache.cache import CacheEntry
from ..device.device import Device
from ..device.status import failure
from ..program.launch import Packed


class CachedParts:
    """A partition's entry until it is complete, and nothing afterwards.

    :param entry: None if there is no cache.
    """

    def __init__(self, entry: CacheEntry | None) -> None:
        self._entry = entry

    def binary(self, source: str) -> bytes | None:
        """Return the compiled program of a source; None if it is not there."""
        return None if self._entry is None else self._entry.binary(source)

    def packed(self, constant: Packed) -> np.ndarray:
        """Return a constant in its form: stored, or made now, to be stored."""
        array = None if self._entry is None else self._entry.constant(constant.key)
        if array is None:
            array = np.ascontiguousarray(constant.make())
            if self._entry is not None:
                self._entry.add_constant(constant.key, array)
        return array if array.size else np.zeros(1, np.float32)  # there are no empty buffers

    def places(self, constants: Iterable[Packed]) -> tuple[np.ndarray, dict[str, tuple[int, int]]] | None:
        """Return the file's content, and of each constant its first byte in it and how many they are.

        None unless all are there.
        """
        if self._entry is None:
            return None
        found = {}
        for constant in constants:
            array = self._entry.constant(constant.key)
            place = None if array is None or not array.size else self._entry.place(array)
            if array is None or place is None:
                return None
            found[constant.key] = (place, array.nbytes)
        return (self._entry.content, found) if found else None

    def forget_if_complete(self, sources: Iterable[str]) -> None:
        """Forget an entry that has all that the partition needs."""
        if self._entry and self._entry.is_stored and None not in map(self._entry.binary, sources):
            self._entry = None

    @property
    def is_to_be_written(self) -> bool:
        return self._entry is not None

    def write(self, sources: Iterable[str], device: Device) -> None:
        """Write the entry: after a run, when the programs are complete (see ``Device.binary``)."""
        entry, self._entry = self._entry, None
        assert entry is not None
        try:
            for source in dict.fromkeys(sources):
                entry.add_binary(source, device.binary(source))
        except cl.Error as e:
            raise failure("asking for the binary of a program", e) from e
        entry.store()
