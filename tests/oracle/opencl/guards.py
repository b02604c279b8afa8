"""Bounds checks for the buffers of the OpenCL delegate: memory that nobody may touch stands around each.

Where a device works on the host's memory (PoCL's CPU), every buffer lies in pages of its own, its end at a
page that may be neither read nor written: a kernel that reads or writes beyond it ends the process with
SIGSEGV. The bytes before it, and the few behind it that alignment leaves, hold a pattern that
:func:`overwritten` looks at. An array of the host that kernels may only read, as weights of the cache, is
copied to such pages, which nobody can write to then; an input that they would read where it is comes to the
guarded buffer that each input has. Indices of local memory are checked (``local_bounds``).

``with guarded():`` for a block; ``DELEGRAPH_GUARDS=1`` for all tests of this folder and of
``tests/oracle/int16/opencl``.
"""

from __future__ import annotations

import ctypes
import mmap
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from attrs import frozen
from local_bounds import checked

PAGE = mmap.PAGESIZE
ALIGNMENT = 128  # bytes: of the largest type of OpenCL C
PATTERN = 0xFB  # as float32 -2.6e36: seen in results where a kernel reads what nobody wrote


@frozen(eq=False)
class Region:
    """Pages with a buffer in them, between two pages that nobody may touch."""

    pages: np.ndarray  # between the two
    start: int  # of the buffer
    nbytes: int
    is_fixed: bool  # the pages may only be read

    @classmethod
    def of(cls, nbytes: int, fixed: np.ndarray | None = None) -> Region:
        inner = max(-(-nbytes // PAGE), 1) * PAGE
        whole = np.frombuffer(mmap.mmap(-1, inner + 2 * PAGE), np.uint8)
        for at in (whole.ctypes.data, whole.ctypes.data + PAGE + inner):
            _allow(at, PAGE, 0)
        pages = whole[PAGE : PAGE + inner]
        pages[:] = PATTERN
        found = cls(pages, inner - -(-nbytes // ALIGNMENT) * ALIGNMENT, nbytes, fixed is not None)
        if fixed is not None:
            found.buffer[:] = _bytes_of(fixed)
            _allow(pages.ctypes.data, inner, mmap.PROT_READ)
        return found

    @property
    def buffer(self) -> np.ndarray:
        return self.pages[self.start : self.start + self.nbytes]

    def problem(self) -> str | None:
        """Return which bytes of the pattern are gone, if any."""
        around = np.concatenate([self.pages[: self.start], self.pages[self.start + self.nbytes :]])
        (gone,) = np.nonzero(around != PATTERN)
        if not len(gone):
            return None
        at = int(gone[0]) - self.start
        at += self.nbytes if at >= 0 else 0
        return f"{len(gone)} bytes around a buffer of {self.nbytes} were overwritten, the first at {at}"


@contextmanager
def guarded() -> Iterator[None]:
    """Guard the buffers that are made in this block, but those of devices with memory of their own."""
    import pyopencl as cl
    from delegraph_opencl.device.buffers import Allocator
    from delegraph_opencl.device.device import Device

    plain_edge, plain_built = Allocator.edge, Device._built

    def edge(self: Any, nbytes: int) -> Any:
        if not self.device.shares_memory:
            return plain_edge(self, nbytes)
        return self.buffer(nbytes, host=array(nbytes))

    def built(self: Any, source: str) -> Any:
        return plain_built(self, checked(source))

    with (
        patch.object(cl, "Buffer", _Guarding(cl.Buffer)),
        patch.object(Allocator, "edge", edge),
        patch.object(Device, "_built", built),
        patch.object(Device, "works_in_place", lambda *_: False),
    ):
        yield


class _Guarding:
    """Stands in for ``pyopencl.Buffer``, whose constructor cannot be replaced."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def __instancecheck__(self, found: object) -> bool:
        return isinstance(found, self._plain)

    def __call__(self, context: Any, flags: int, size: int = 0, hostbuf: Any = None) -> Any:
        import pyopencl as cl

        is_hosts = bool(flags & cl.mem_flags.USE_HOST_PTR)
        if (is_hosts and flags & cl.mem_flags.READ_WRITE) or not _is_shared(context):
            return self._plain(context, flags, size, hostbuf)
        memory = array(size if hostbuf is None else hostbuf.nbytes, hostbuf if is_hosts else None)
        if hostbuf is not None and not is_hosts:
            memory[:] = _bytes_of(hostbuf)
        kept = flags & ~cl.mem_flags.COPY_HOST_PTR | cl.mem_flags.USE_HOST_PTR
        return self._plain(context, kept, 0, memory)


def array(nbytes: int, fixed: np.ndarray | None = None) -> np.ndarray:
    """Return bytes whose end lies at a page that nobody may touch, watched as long as they live.

    :param fixed: what they are: nobody can write to them.
    """
    region = Region.of(nbytes, fixed)
    found = region.buffer.view()
    _watched[id(region)] = region
    weakref.finalize(found, _forget, id(region)).atexit = False
    return found


def overwritten() -> list[str]:
    """Return what was written beside buffers since this was asked last."""
    found = [*_of_the_dead, *(p for r in _watched.values() if (p := r.problem()) is not None)]
    for region in (r for r in _watched.values() if not r.is_fixed):
        region.pages[: region.start] = PATTERN
        region.pages[region.start + region.nbytes :] = PATTERN
    _of_the_dead.clear()
    return found


def _forget(key: int) -> None:
    problem = _watched.pop(key).problem()
    if problem is not None:
        _of_the_dead.append(problem)


def _bytes_of(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _allow(at: int, nbytes: int, how: int) -> None:
    """Say how pages may be used; 0: not at all."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(at), ctypes.c_size_t(nbytes), how):
        raise OSError(ctypes.get_errno(), "mprotect")


def _is_shared(context: Any) -> bool:
    import pyopencl as cl

    return all(d.type & cl.device_type.CPU for d in context.devices)


_watched: dict[int, Region] = {}
_of_the_dead: list[str] = []
