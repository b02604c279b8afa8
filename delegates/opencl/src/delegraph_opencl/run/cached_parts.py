"""What the cache on disk has of a partition, as long as that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pyopencl as cl
from delegraph import DelegateFailed

from ..cache.cache import CacheEntry
from ..device.device import Device
from ..device.status import failure
from ..program.launch import Packed


class CachedParts:
    """A partition's entry until it is complete, and nothing afterwards.

    :param entry: None if there is no cache.
    :param constants: what the partition needs: where one is not of its size, nothing of the entry is used.
    """

    def __init__(self, entry: CacheEntry | None, constants: Iterable[Packed] = ()) -> None:
        self._entry = entry
        for constant in constants:
            self._stored(constant)

    def binary(self, source: str) -> bytes | None:
        """Return the compiled program of a source; None if it is not there."""
        return None if self._entry is None else self._entry.binary(source)

    def packed(self, constant: Packed) -> np.ndarray:
        """Return a constant in its form: stored, or made now.

        :raises DelegateFailed: it has another size than it says.
        """
        array = self._stored(constant)
        if array is None:
            array = np.ascontiguousarray(constant.make())
            if constant.nbytes not in (None, array.nbytes):
                found = f"{array.nbytes:,} bytes of the constant {constant.key!r}, which promises"
                raise DelegateFailed(f"make() gives {found} {constant.nbytes:,}")
        return array if array.size else np.zeros(1, np.float32)  # there are no empty buffers

    @property
    def content(self) -> np.ndarray:
        """The bytes of the file."""
        return np.zeros(0, np.uint8) if self._entry is None else self._entry.content

    def places(self, constants: Iterable[Packed]) -> dict[str, tuple[int, int]]:
        """Return of each constant its first byte in the file's content and how many they are.

        Nothing unless all are there.
        """
        found = {}
        for constant in constants:
            array = self._stored(constant)
            if array is None:
                return {}
            assert self._entry is not None
            found[constant.key] = (self._entry.place(array), array.nbytes)
        return found

    def _stored(self, constant: Packed) -> np.ndarray | None:
        if self._entry is None or not constant.nbytes:
            return None
        return self._entry.constant(constant.key, constant.nbytes)

    def forget_if_complete(self, sources: Iterable[str]) -> None:
        """Forget an entry that has all that the partition needs."""
        if self._entry and self._entry.is_stored and None not in map(self._entry.binary, sources):
            self._entry = None

    @property
    def is_to_be_written(self) -> bool:
        return self._entry is not None

    def write(
        self,
        sources: Iterable[str],
        device: Device,
        constants: Mapping[str, tuple[int, Callable[[], np.ndarray]]],
    ) -> None:
        """Write the entry: after a run, when the programs are complete (see ``Device.binary``).

        :param constants: bytes of each, and what reads them back: the process does not hold them twice.
        """
        entry, self._entry = self._entry, None
        assert entry is not None
        try:
            for source in dict.fromkeys(sources):
                entry.add_binary(source, device.binary(source))
        except cl.Error as e:
            raise failure("asking for the binary of a program", e) from e
        for key, (nbytes, values) in constants.items():
            entry.add_constant(key, nbytes, values)
        entry.store()
