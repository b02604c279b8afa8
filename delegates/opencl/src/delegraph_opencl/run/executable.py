"""A partition ready to run: everything is on the device but what enters it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyopencl as cl
from delegraph import Partition, Run, profile

from ..cache.cache import CacheEntry
from ..device.buffers import Allocator
from ..device.handle import Handle
from ..device.status import failure
from ..program.launch import Packed
from ..program.memory import plan_memory
from ..program.target import Target
from .binding import Binder, Bound
from .cached_parts import CachedParts
from .commands_in_flight import InFlight, guard
from .compile import Compiled
from .constants import Constants
from .device_value import DeviceValue
from .edges import Edges

MOST_IN_FLIGHT = 16  # runs of a partition that the device has at a time: a loop does not wait in between


class Executable:
    """What ``prepare`` makes of a partition: called, it runs.

    :param stored: the partition's entry in the cache; None if there is no cache.
    :raises DelegateFailed: a program does not compile, or the device is out of memory.
    """

    def __init__(
        self,
        compiled: Compiled,
        partition: Partition,
        handle: Handle,
        target: Target,
        stored: CacheEntry | None = None,
    ) -> None:
        self.partition = partition
        self._ops = ops_of(partition)
        self._guard = guard(self)
        self._commands = InFlight(self._ops, self._guard)
        self._handle = handle
        args = (arg for _, launch in compiled.launches for arg in launch.args)
        self._cached = CachedParts(stored, [arg for arg in args if isinstance(arg, Packed)])
        self._lock = threading.Lock()  # kernels keep their arguments: one run at a time
        allocator = Allocator(handle.device, handle.counts.part(self), self._ops)
        buffers = _placed(compiled, target, allocator)
        self._edges = Edges(compiled, handle, allocator, target.real_size)
        tensors = {t.index: t for op in partition.ops for t in op.inputs if t is not None}
        self._constants = Constants(handle, allocator, self._cached, tensors.values())
        self._binder = Binder(
            compiled.launches, target, self._edges, buffers, self._constants, self._cached
        )
        self._bound = self._binder.merged() if target.merges_launches else self._one_by_one
        self._is_at_once = any(bound.in_caller for bound in self._bound)
        self._cached.forget_if_complete(source for bound in self._bound for source in bound.sources)
        for bound in self._bound:
            if bound.helpers is not None:
                bound.helpers.watch(guard(self))

    def __call__(self, *inputs: Any) -> tuple[DeviceValue, ...]:
        """Let the device compute the partition's outputs, which stay there; who reads them waits.

        :raises DelegateFailed: the device refused; the message names the op and the kernel.
        """
        with self._lock:
            self._handle.device.check_process()
            events = profile.listener()
            if events is None and self._is_at_once:
                return self._at_once(inputs)
            last = self._commands
            if events is not None or last.is_broken_off or last.runs >= MOST_IN_FLIGHT:
                last.end()
            kernels = self._bound if events is None else self._one_by_one
            self._edges.enter(inputs, last)
            self._commands = InFlight(self._ops, self._guard, last)
            self._commands.held = self._edges.arrays
            outputs = self._edges.leave(self._commands)
            if events is None:
                self._commands.start(kernels, self._handle.queue)
            else:
                self._commands.start(kernels, self._handle.profiling_queue)
                self._commands.wait()
                events += self._events(kernels, self._commands.events)
            if self._cached.is_to_be_written:
                self._commands.wait()
                self._write()
        return outputs

    @property
    def on_host(self) -> Run | None:
        """What core calls where it reads the results at once: see ``delegraph.Run``."""
        return self._on_host if self._is_at_once and self._edges.are_few else None

    def _at_once(self, inputs: Sequence[Any]) -> tuple[DeviceValue, ...]:
        """Compute in this thread: when it returns, nothing is under way."""
        self._edges.enter(inputs, self._commands)
        outputs = self._edges.leave(self._commands)
        self._compute()
        return outputs

    def _on_host(self, *inputs: Any) -> tuple[np.ndarray, ...]:
        """Compute in this thread, and return copies of the results: they are few."""
        with self._lock:
            self._handle.device.check_process()
            if not self._edges.are_entered(inputs):
                self._edges.enter(inputs, self._commands)
            places = self._edges.places()
            self._compute()
            return tuple([place.copy() for place in places])

    def _compute(self) -> None:
        handle = self._handle
        handle.queue.finish()  # other partitions may be at work on what this one reads, or on its buffers
        for bound in self._bound:
            launch = bound.launch
            try:
                if bound.helpers is not None:
                    bound.helpers.send()
                cl.enqueue_nd_range_kernel(
                    handle.caller_queue, bound.kernel, launch.global_size, launch.local_size
                ).wait()
            except cl.Error as e:
                raise failure(str(bound), e) from e
        if self._cached.is_to_be_written:
            self._write()

    def _write(self) -> None:
        for bound in self._bound:
            if bound.helpers is not None:  # a program is complete when its kernels are done
                bound.helpers.wait()
        sources = (source for bound in self._bound for source in bound.sources)
        self._cached.write(sources, self._handle.device, self._constants.kept())

    @cached_property
    def _one_by_one(self) -> list[Bound]:
        """A kernel for each launch: on CPUs only while somebody listens to the profile."""
        self._edges.forget()
        return self._binder.one_by_one()

    def _events(self, kernels: Sequence[Bound], waited: Sequence[Any]) -> list[profile.Event]:
        pairs = zip(kernels, waited, strict=True)
        return [self._event(bound, e.profile.end - e.profile.start) for bound, e in pairs]

    def _event(self, bound: Bound, nanoseconds: int) -> profile.Event:
        node, launch = bound.node, bound.launch
        merged = "".join(f" + {op.name}" for op in node.merged) if node else ""
        return profile.Event(
            node.op.name if node else launch.name,
            nanoseconds * 1e-9,
            node.op.index if node else None,
            self.partition.subgraph,
            detail=f"{launch.name}{merged}" if node else "",
            nbytes=bound.nbytes,
            flops=launch.flops,
        )


def ops_of(partition: Partition) -> str:
    """Say which ops a partition has, for messages."""
    first, last = partition.ops[0], partition.ops[-1]
    return str(first) if first is last else f"{first} to {last}"


def _placed(compiled: Compiled, target: Target, allocator: Allocator) -> dict[int, Any]:
    """Allocate buffers for computed values and scratch memory; return them by ``id`` of the root."""
    launches = [launch for _, launch in compiled.launches]
    plan = plan_memory(launches, target.real_size, [*compiled.inputs, *compiled.outputs])
    shared = [allocator.buffer(nbytes) for nbytes in plan.buffers]
    return {key: shared[place] for key, place in plan.places.items()}
