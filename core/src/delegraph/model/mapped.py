"""A model file that is mapped into memory: its pages come when they are read, and may go again."""

from __future__ import annotations

import mmap

import numpy as np


class MappedFile(mmap.mmap):
    """A file that is read where it is, and that nobody writes to through the map."""

    def release(self, values: np.ndarray) -> None:
        """Let the system take back the pages that values lie in; when needed, they are read again."""
        if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
            begin = _address(values) - _address(np.frombuffer(self, np.uint8))
            first = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE
            last = (begin + values.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE
            if last > first:
                self.madvise(mmap.MADV_DONTNEED, first, last - first)


def release(values: np.ndarray) -> None:
    """Release the pages of an array that lies in a mapped file; leave any other as it is."""
    base = values
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    owner = base.obj if isinstance(base, memoryview) else base
    if isinstance(owner, MappedFile):
        owner.release(values)


def _address(values: np.ndarray) -> int:
    return int(values.__array_interface__["data"][0])
