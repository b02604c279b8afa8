"""What enters and leaves a partition: every run may have it in other buffers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import pyopencl as cl
from delegraph import define, field, profile

from ..device.buffers import ALIGNMENT, Allocator, BufferPool, PooledBuffer, part_of
from ..device.handle import Handle
from ..device.status import failure
from ..program.launch import Arg
from ..program.memory import nbytes_of, owner
from ..program.node import Value, numpy_type
from .commands_in_flight import InFlight
from .compile import Compiled
from .device_value import FEW, DeviceValue, HostMemory


@define(eq=False)
class Edge:
    """A value that enters or leaves."""

    value: Value
    shape: tuple[int, ...]
    dtype: np.dtype
    nbytes: int
    # Kernel and number of the argument; first byte and bytes of it.
    uses: list[tuple[Any, int, int, int]] = field(factory=list)
    bound: Any = None  # the buffer that the kernels have now
    parts: list[Any] = field(factory=list)  # of it; both are held: a kernel does not hold its arguments
    array: Any = None  # of the host, which the kernels read where it is
    copied: Any = None  # an array of the host that has to be copied, as was found out
    place: Any = None  # the array that such are copied to

    @classmethod
    def of(cls, value: Value, real_size: int) -> Edge:
        return cls(value, value.shape, numpy_type(value), nbytes_of(value, real_size))

    def bind(self, buffer: Any, array: Any = None) -> None:
        """Let the kernels read or write this buffer."""
        if buffer is not self.bound:
            self.bound = self.array = None  # until all is done: a Ctrl-C may come in between
            parts = [part_of(buffer, start, nbytes) for _, _, start, nbytes in self.uses]
            for (kernel, i, _, _), part in zip(self.uses, parts, strict=True):
                kernel.set_arg(i, part)
            self.bound, self.parts = buffer, parts
        self.array = array


class Edges:
    """All that enters and leaves a partition.

    :raises DelegateFailed: the device has no room for it.
    """

    def __init__(self, compiled: Compiled, handle: Handle, allocator: Allocator, real_size: int) -> None:
        self._handle, self._allocator = handle, allocator
        self._inputs = [Edge.of(v, real_size) for v in compiled.inputs]
        # Each with a buffer that is there in any case.
        self._entering = [(e, allocator.edge(e.nbytes + ALIGNMENT)) for e in self._inputs]
        self._outputs = [Edge.of(v, real_size) for v in compiled.outputs]
        # One for each output: it finds the buffer that the kernels have already.
        pools = [BufferPool(partial(allocator.edge, e.nbytes + ALIGNMENT)) for e in self._outputs]
        for pool in pools:  # a device without room says so now
            pool.free()
        self._leaving = list(zip(self._outputs, pools, strict=True))
        self._by_value = {id(edge.value.root): edge for edge in (*self._inputs, *self._outputs)}

    def at(self, arg: Arg) -> Edge | None:
        """Return the edge that an argument of a launch is, if it is one."""
        return None if isinstance(arg, np.generic) else self._by_value.get(id(owner(arg)))

    def forget(self) -> None:
        """Bind all anew at the next run: there are other kernels."""
        for edge in self._by_value.values():
            edge.bound = edge.array = None

    @property
    def arrays(self) -> list[np.ndarray]:
        """The arrays of the host that kernels read where they are."""
        return [edge.array for edge in self._inputs if edge.array is not None]

    def are_entered(self, inputs: Sequence[Any]) -> bool:
        """Say whether the kernels read these inputs already, where they are."""
        pairs = zip(self._inputs, inputs, strict=False)  # strict takes as long as all the rest
        return not [edge for edge, given in pairs if edge.array is not given]

    def enter(self, inputs: Sequence[Any], last: InFlight) -> None:
        """Bring the inputs of a run in.

        :param last: the run before, which may still read what it was given.
        """
        listened = profile.listener() is not None
        for (edge, own), given in zip(self._entering, inputs, strict=True):
            if edge.array is not given or listened:
                self._enter(edge, own, given, last)

    def leave(self, commands: InFlight) -> tuple[DeviceValue, ...]:
        """Return the values that a run will store, in buffers that no earlier value is in."""
        values = []
        for edge, pool in self._leaving:
            pooled = self._free(edge, pool)
            buffer = pooled.buffer
            value = DeviceValue(self._handle, buffer, edge.shape, edge.dtype, commands, pooled.host)
            pooled.hold(value)
            if edge.bound is not buffer:
                edge.bind(buffer)
            values.append(value)
        return tuple(values)

    @property
    def are_few(self) -> bool:
        """Whether what leaves is copied in less time than it takes to make device values of it."""
        return self._handle.device.shares_memory and sum(e.nbytes for e in self._outputs) <= FEW

    def places(self) -> list[np.ndarray]:
        """Return the host's arrays that a run will store in: no values that anybody holds are there."""
        places = []
        for edge, pool in self._leaving:
            pooled = self._free(edge, pool)
            if edge.bound is not pooled.buffer:
                edge.bind(pooled.buffer)
            places.append(pooled.host.array)
        return places

    def _free(self, edge: Edge, pool: BufferPool) -> PooledBuffer:
        pooled = pool.free()
        if pooled.host is None:
            pooled.host = HostMemory.of(pooled.buffer, edge.shape, edge.dtype)
        return pooled

    def _enter(self, edge: Edge, own: Any, given: Any, last: InFlight) -> None:
        """Bring an input in; a device value with room behind it is read where it is.

        :param own: the buffer of this input that is there in any case.
        """
        if not edge.nbytes:
            edge.bind(own)
        elif not isinstance(given, DeviceValue):
            self._enter_array(edge, own, given, last)
        elif given.has_room:
            edge.bind(given.buffer)
        else:
            edge.bind(own)
            self._copy(own, given.buffer, "copy on the device", edge)

    def _enter_array(self, edge: Edge, own: Any, given: Any, last: InFlight) -> None:
        start = perf_counter()
        if edge.array is given:
            pass  # it is read where it is, as in the run before
        elif given is not edge.copied and self._handle.device.works_in_place(given, edge.dtype, ALIGNMENT):
            edge.bind(self._allocator.buffer(0, host=given), given)
        elif own.hostbuf is None:
            edge.bind(own)
            self._copy(own, np.ascontiguousarray(given), "upload", edge)
            return
        else:
            last.end()
            edge.bind(own)
            if edge.place is None:
                edge.place = own.hostbuf[: edge.nbytes].view(edge.dtype).reshape(edge.shape)
            np.copyto(edge.place, given)
            edge.copied = given
        _tell("upload", start, edge)

    def _copy(self, to: Any, source: Any, name: str, edge: Edge) -> None:
        start = perf_counter()
        blocking = {"is_blocking": True} if isinstance(source, np.ndarray) else {"byte_count": edge.nbytes}
        try:
            event = cl.enqueue_copy(self._handle.queue, to, source, **blocking)
            if profile.listener() is not None:
                event.wait()
        except cl.Error as e:
            about = f"{self._allocator.owner}: {name} of input {edge.value.tensor.name!r}"
            raise failure(about, e) from e
        _tell(name, start, edge)


def _tell(name: str, start: float, edge: Edge) -> None:
    if (events := profile.listener()) is not None:
        events.append(profile.Event(name, perf_counter() - start, nbytes=edge.nbytes))
