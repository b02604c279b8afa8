"""Buffers of a device: allocated, counted for each partition, and used again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
from delegraph import bytes_text, define

from .device import Device
from .status import failure

_FEW = 64  # buffers that take no time to look through
ALIGNMENT = 128  # bytes; a kernel may also read up to a vector past a value's end


class ByteCounts:
    """Counts the bytes that a delegate's partitions take on the device: weights, and all other tensors."""

    def __init__(self) -> None:
        self._parts: list[tuple[weakref.ref[object], dict[str, int]]] = []

    def part(self, owner: object) -> dict[str, int]:
        """Return the counts of one partition, to be added to; they count as long as ``owner`` lives."""
        part = {"weights": 0, "tensors": 0}
        self._parts = [*self._living(), (weakref.ref(owner), part)]
        return part

    def total(self) -> dict[str, int]:
        parts = [part for _, part in self._living()]
        return {kind: sum(part[kind] for part in parts) for kind in ("weights", "tensors")}

    def _living(self) -> list[tuple[weakref.ref[object], dict[str, int]]]:
        return [(owner, part) for owner, part in self._parts if owner() is not None]


@define(eq=False)
class Allocator:
    """Allocates the buffers of a partition, and counts them.

    Its methods raise :class:`DelegateFailed` where the device is out of memory.
    """

    device: Device
    counts: dict[str, int]  # bytes, by what for
    owner: str  # the ops they are for, for messages

    def buffer(self, nbytes: int, kind: str = "tensors", host: np.ndarray | None = None) -> Any:
        """Return a buffer of its own, or an array of the host as one."""
        import pyopencl as cl

        flags: int = cl.mem_flags.READ_WRITE
        if host is not None:  # which may be read-only: an input, weights in a mapped file
            access = cl.mem_flags.READ_WRITE if host.flags.writeable else cl.mem_flags.READ_ONLY
            flags = access | cl.mem_flags.USE_HOST_PTR
        try:
            buffer = cl.Buffer(self.device.context, flags, 0 if host is not None else max(nbytes, 1), host)
        except cl.Error as e:
            raise failure(f"{self.owner}: allocating {bytes_text(nbytes)} for {kind}", e) from e
        self.counts[kind] += nbytes
        return buffer

    def edge(self, nbytes: int) -> Any:
        """Return a buffer for what enters or leaves: an array of the host, where it can be."""
        if not self.device.shares_memory:
            return self.buffer(nbytes)
        array = np.empty(nbytes + ALIGNMENT, np.uint8)
        start = -array.ctypes.data % ALIGNMENT
        return self.buffer(nbytes, host=array[start : start + nbytes])


class PooledBuffer:
    """A buffer of a pool; ``holder`` is a reference to the value in it, that of nobody while it is free.

    Asked for anew each time: what runs when a value goes would swallow a Ctrl-C that comes just then.
    """

    __slots__ = ("buffer", "holder", "host")

    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer
        self.holder: Callable[[], object] = _nobody
        self.host: Any = None  # the host's array of the values in it

    def hold(self, value: object) -> None:
        """Keep the buffer for a value as long as that lives."""
        self.holder = weakref.ref(value)


def _nobody() -> None:
    return None


class BufferPool:
    """Buffers of something that leaves a partition, used again once nobody holds the value.

    :param allocate: makes one.
    """

    def __init__(self, allocate: Callable[[], Any]) -> None:
        self._allocate = allocate
        self._pooled: list[PooledBuffer] = []
        self._first = 0  # where to begin to look
        self._unsearched = 1  # buffers to make before that

    def free(self) -> PooledBuffer:
        """Return a buffer that nobody holds; it stays free until it is told of who does.

        Where all of many are held, half as many are made before they are looked through again.
        """
        pooled, first = self._pooled, self._first
        if not self._unsearched:
            if pooled[first].holder() is None:
                return pooled[first]
            for i in chain(range(first + 1, len(pooled)), range(first)):
                if pooled[i].holder() is None:
                    self._first = i
                    return pooled[i]
        pooled.append(PooledBuffer(self._allocate()))
        to_make = len(pooled) // 2 if len(pooled) > _FEW else 0
        self._first, self._unsearched = 0, self._unsearched - 1 if self._unsearched else to_make
        return pooled[-1]


def part_of(buffer: Any, start: int, nbytes: int) -> Any:
    """Return the part of a buffer from a byte on (aligned: see ``lowering``); from 0 on all of it."""
    return buffer.get_sub_region(start, nbytes) if start else buffer
