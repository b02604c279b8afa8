"""A partition ready to run: programs built, weights on the device, each kernel bound to its arguments."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import groupby
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyopencl as cl
from attrs import define, field
from delegraph import DelegateFailed, Partition, profile

from ..cache.cache import Entry
from ..device.device import Device
from ..device.status import failure
from ..program.launch import Arg, Launch, Packed, rounded_up
from ..program.memory import ALIGNMENT, nbytes_of, owner, plan_memory
from ..program.node import Node, Scratch, Value, numpy_type
from ..program.target import Target
from .commands_in_flight import Running
from .compile import Compiled
from .device_value import DeviceValue, Pool
from .single_launch import At, Call, is_one_of_many, single_launch

if TYPE_CHECKING:
    from ..delegate import OpenCL


@define(eq=False)
class Bound:
    """A kernel with its arguments set."""

    kernel: Any
    launch: Launch
    node: Node | None  # None: a conversion at the edge
    source: str  # of its program
    nbytes: int  # that it reads and writes
    ops: str = ""  # of many launches
    parts: list[Any] = field(factory=list)  # of buffers: a kernel does not hold its arguments

    def __str__(self) -> str:
        return f"{self.ops or self.node or 'the edge of the partition'}: kernel {self.launch.name}"

    def part(self, buffer: Any, start: int, nbytes: int) -> Any:
        """Return a part of a buffer that lives as long as this."""
        self.parts.append(_part(buffer, start, nbytes))
        return self.parts[-1]


@define(eq=False)
class Edge:
    """A value that enters or leaves: every run may have it in another buffer."""

    value: Value
    shape: tuple[int, ...]
    dtype: np.dtype
    nbytes: int
    uses: list[tuple[Any, int, int, int]] = field(
        factory=list
    )  # kernel, argument; first byte and bytes of it
    bound: Any = None  # the buffer that the kernels have now
    parts: list[Any] = field(factory=list)  # of it; both are held: a kernel does not hold its arguments
    array: Any = None  # of the host, which the kernels read where it is

    def bind(self, buffer: Any, array: Any = None) -> None:
        """Let the kernels read or write this buffer."""
        if buffer is not self.bound:
            parts = [_part(buffer, start, nbytes) for _, _, start, nbytes in self.uses]
            for (kernel, i, _, _), part in zip(self.uses, parts, strict=True):
                kernel.set_arg(i, part)
            self.bound, self.parts = buffer, parts
        self.array = array


@define(eq=False)
class Memory:
    """Allocates buffers, and counts them."""

    device: Device
    held: dict[str, int]  # bytes, by what for
    owner: str  # the ops they are for, for messages

    def buffer(self, nbytes: int, kind: str = "tensors", host: np.ndarray | None = None) -> Any:
        flags: int = cl.mem_flags.READ_WRITE
        if host is not None:  # which may be read-only: an input, weights in a mapped file
            access = cl.mem_flags.READ_WRITE if host.flags.writeable else cl.mem_flags.READ_ONLY
            flags = access | cl.mem_flags.USE_HOST_PTR
        try:
            buffer = cl.Buffer(self.device.context, flags, 0 if host is not None else max(nbytes, 1), host)
        except cl.Error as e:
            raise failure(f"{self.owner}: allocating {nbytes:,} bytes for {kind}", e) from e
        self.held[kind] += nbytes
        return buffer

    def edge(self, nbytes: int) -> Any:
        """Return a buffer for what enters or leaves: an array of the host, where it can be."""
        if not self.device.shares_memory:
            return self.buffer(nbytes)
        array = np.empty(nbytes + ALIGNMENT, np.uint8)
        start = -array.ctypes.data % ALIGNMENT
        return self.buffer(nbytes, host=array[start : start + nbytes])


class Executable:
    """What ``prepare`` makes of a partition; ``run`` is its run function.

    :param stored: the partition's entry in the cache; None if there is no cache.
    :raises DelegateFailed: a program does not compile, or the device is out of memory.
    """

    def __init__(
        self,
        compiled: Compiled,
        partition: Partition,
        delegate: OpenCL,
        target: Target,
        stored: Entry | None = None,
    ) -> None:
        self._running = Running(where(partition))
        self.partition = partition
        self.delegate = delegate
        self.device, self.queue, self.target = delegate.device, delegate.queue, target
        self._stored = stored
        self._lock = threading.Lock()  # kernels keep their arguments: one run at a time
        self._memory = Memory(self.device, delegate.held.part(self), where(partition))
        self._pool = Pool(self._memory.edge)
        self._place(compiled)
        self._bind(compiled)
        self._take_leave_of_cache()

    def run(self, *inputs: Any) -> tuple[DeviceValue, ...]:
        """Let the device compute the partition's outputs, which stay there; who reads them waits.

        :raises DelegateFailed: the device refused; the message names the op and the kernel.
        """
        with self._lock:
            self.device.check_process()
            last, self._running = self._running, Running(self._memory.owner)
            last.end()  # nobody may have waited: a run that was broken off
            events = profile.listener()
            kernels = self._bound if events is None else self._one_by_one
            for edge, own, given in zip(self._entries, self._own, inputs, strict=True):
                if edge.array is not given or events is not None:
                    self._enter(edge, own, given)
            outputs = tuple([self._leave(edge) for edge in self._exits])
            if events is None:
                self._running.start(kernels, self.queue)
            else:
                self._running.start(kernels, self.delegate.profiling_queue)
                self._running.wait()
                events += self._events(kernels, self._running.events)
            if self._stored is not None:
                self._running.wait()
                self._store(self._stored)
        return outputs

    def __del__(self) -> None:
        self._running.end()  # it works on this memory

    # Preparing.

    def _place(self, compiled: Compiled) -> None:
        """Allocate buffers for everything that is not a constant."""
        launches = [launch for _, launch in compiled.launches]
        plan = plan_memory(launches, self.target.real_size, [*compiled.inputs, *compiled.outputs])
        shared = [self._memory.buffer(nbytes) for nbytes in plan.buffers]
        self._buffers: dict[int, Any] = {key: shared[place] for key, place in plan.places.items()}
        self._entries = [self._edge(v) for v in compiled.inputs]
        self._own = [self._memory.edge(e.nbytes + ALIGNMENT) for e in self._entries]
        self._exits = [self._edge(v) for v in compiled.outputs]
        for edge in self._exits:  # a device without room for them says so now
            self._pool.give_back(self._pool.take(edge.nbytes + ALIGNMENT))

    def _edge(self, value: Value) -> Edge:
        return Edge(value, value.shape, numpy_type(value), nbytes_of(value, self.target.real_size))

    def _bind(self, compiled: Compiled) -> None:
        self._launches = compiled.launches
        self._edges = {id(edge.value.root): edge for edge in (*self._entries, *self._exits)}
        self._constants: dict[str, At] = {}
        self._tapes: list[Any] = []
        if self.target.merges_launches:
            self._load_constants()
            self._bound = self._merged()
        else:
            self._bound = self._one_by_one

    @cached_property
    def _one_by_one(self) -> list[Bound]:
        """A kernel for each launch: on CPUs only while somebody listens to the profile."""
        bound = [self._kernel(node, launch) for node, launch in self._launches]
        for edge in self._edges.values():
            edge.bound = edge.array = None  # not yet bound to these kernels
        return bound

    def _merged(self) -> list[Bound]:
        """Kernels of many launches each, where they can be merged."""
        found = []
        for together, group in groupby(self._launches, lambda pair: is_one_of_many(pair[1])):
            pairs = list(group)
            single = self._single(pairs) if together and len(pairs) > 1 else None
            found += [self._kernel(*pair) for pair in pairs] if single is None else [single]
        return found

    def _single(self, pairs: Sequence[tuple[Node | None, Launch]]) -> Bound | None:
        """Return launches as one kernel; None where that cannot be."""
        calls = [
            Call(
                *self._source(node, launch),
                launch.name,
                self._places(launch),
                launch.global_size,
                launch.chained,
                launch.passed,
            )
            for node, launch in pairs
        ]
        single = single_launch(calls, self.target.units)
        if single is None:
            return None
        launch = Launch(single.source, "run", (), (self.target.units,), (1,))
        first, last = (pairs[i][0] for i in (0, -1))
        bound = Bound(None, launch, None, single.source, 0, f"{first} to {last}")
        try:
            self._build(bound)
        except DelegateFailed:  # on their own, the one at fault is named
            return None
        tape, counters = (self._uploaded(array, bound) for array in (single.tape, single.counters))
        self._tapes += [tape, counters]  # a kernel does not hold its arguments
        for i, arg in enumerate((tape, counters, np.int32(single.steps), *single.buffers)):
            if isinstance(arg, Edge):
                arg.uses.append((bound.kernel, i, 0, arg.nbytes))
            else:
                bound.kernel.set_arg(i, arg)
        return bound

    def _places(self, launch: Launch) -> tuple[At | np.generic, ...]:
        """Return a launch's arguments: numbers, and places in buffers or in what enters and leaves."""
        return tuple(arg if isinstance(arg, np.generic) else self._place_of(arg) for arg in launch.args)

    def _place_of(self, arg: Value | Packed | Scratch) -> At:
        if isinstance(arg, Packed):
            return self._constants[arg.key]
        item = owner(arg)
        buffer = self._edges.get(id(item)) or self._buffers[id(item)]
        return At(buffer, *self._extent(arg)) if isinstance(arg, Value) else At(buffer)

    def _kernel(self, node: Node | None, launch: Launch) -> Bound:
        """Return the kernel of one launch with its arguments, but for what enters and leaves."""
        prelude, source = self._source(node, launch)
        real = self.target.real_size
        moved = sum(nbytes_of(arg, real) for arg in launch.args if isinstance(arg, Value))
        bound = Bound(None, launch, node, prelude + source, moved)
        self._build(bound)
        for i, arg in enumerate(launch.args):
            edge = self._edges.get(id(owner(arg)))
            if edge is None:
                bound.kernel.set_arg(i, self._argument(arg, bound))
            else:
                assert isinstance(arg, Value)
                edge.uses.append((bound.kernel, i, *self._extent(arg)))
        return bound

    def _source(self, node: Node | None, launch: Launch) -> tuple[str, str]:
        """Return what all kernels have before them, and a launch's own defines and OpenCL C."""
        exact = node is not None and id(node) in self._exact
        defines = "".join(f"#define {name} {value}\n" for name, value in launch.defines)
        return self.target.prelude(exact), defines + launch.source

    @cached_property
    def _exact(self) -> set[int]:
        """The ``id`` of each node that reads or writes integers stored as real numbers."""
        return {
            id(node)
            for node, launch in self._launches
            for arg in launch.args
            if isinstance(arg, Value) and arg.levels is not None
        }

    def _build(self, bound: Bound) -> None:
        binary = self._stored.binary(bound.source) if self._stored else None
        try:
            bound.kernel = self.device.kernel(bound.source, bound.launch.name, binary)
        except cl.Error as e:
            raise failure(str(bound), e) from e

    def _argument(self, arg: Arg, bound: Bound) -> Any:
        if isinstance(arg, Packed):
            return self._constant(arg, bound)
        if isinstance(arg, np.generic):
            return arg
        buffer = self._buffers[id(owner(arg))]
        return bound.part(buffer, *self._extent(arg)) if isinstance(arg, Value) else buffer

    def _extent(self, value: Value) -> tuple[int, int]:
        """Return where a value lies in its root's buffer: its first byte, and how many there are."""
        nbytes = nbytes_of(value, self.target.real_size)
        return value.root_offset * (nbytes // max(value.size, 1)), nbytes

    def _constant(self, packed: Packed, bound: Bound) -> Any:
        if packed.key not in self._constants:
            array = self._packed(packed)
            self._constants[packed.key] = At(self._uploaded(array, bound), 0, array.nbytes)
            self._memory.held["weights"] += array.nbytes
        at = self._constants[packed.key]
        bound.nbytes += at.nbytes
        return bound.part(at.buffer, at.offset, at.nbytes)

    def _uploaded(self, array: np.ndarray, bound: Bound) -> Any:
        flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
        try:
            return cl.Buffer(self.device.context, flags, hostbuf=array)
        except cl.Error as e:
            raise failure(f"{bound}: uploading {array.nbytes:,} bytes of weights", e) from e

    def _load_constants(self) -> None:
        """Put all constants into one buffer."""
        packed = {
            arg.key: arg for _, launch in self._launches for arg in launch.args if isinstance(arg, Packed)
        }
        arrays = {key: self._packed(arg) for key, arg in packed.items()}
        if self._use_content(arrays):
            return
        offsets = np.cumsum(
            [0, *(rounded_up(a.nbytes, max(self.device.alignment, ALIGNMENT)) for a in arrays.values())]
        )
        buffer = self._memory.buffer(int(offsets[-1]) + ALIGNMENT, "weights")
        for (key, array), offset in zip(arrays.items(), offsets.tolist(), strict=False):
            self._constants[key] = At(buffer, offset, array.nbytes)
            try:
                cl.enqueue_copy(self.queue, buffer, array, dst_offset=offset, is_blocking=True)
            except cl.Error as e:
                raise failure(
                    f"{self._memory.owner}: uploading {array.nbytes:,} bytes of weights", e
                ) from e

    def _use_content(self, arrays: Mapping[str, np.ndarray]) -> bool:
        """Let constants be where the cache read them to; say whether the device can use them there."""
        entry = self._stored
        if entry is None or not arrays or not self.device.shares_memory:
            return False
        found = {key: entry.place(array) for key, array in arrays.items()}
        places = {key: place for key, place in found.items() if place is not None}
        if len(places) < len(found):
            return False
        buffer = self._memory.buffer(entry.content.nbytes, "weights", host=entry.content)
        for key, place in places.items():
            self._constants[key] = At(buffer, place, arrays[key].nbytes)
        return True

    def _packed(self, packed: Packed) -> np.ndarray:
        array = self._stored.constant(packed.key) if self._stored else None
        if array is None:
            array = np.ascontiguousarray(packed.make())
            if self._stored:
                self._stored.add_constant(packed.key, array)
        return array if array.size else np.zeros(1, np.float32)  # there are no empty buffers

    def _take_leave_of_cache(self) -> None:
        """Forget a cache entry that has all that this partition needs."""
        if self._stored and self._stored.is_stored:
            missing = {b.source for b in self._bound if self._stored.binary(b.source) is None}
            self._stored = self._stored if missing else None

    def _store(self, entry: Entry) -> None:
        """Write the cache entry: after a run, when the programs are complete (see ``Device.binary``)."""
        self._stored = None
        try:
            for source in dict.fromkeys(bound.source for bound in self._bound):
                entry.add_binary(source, self.device.binary(source))
        except cl.Error as e:
            raise failure("asking for the binary of a program", e) from e
        entry.store()

    # Running.

    def _enter(self, edge: Edge, own: Any, given: Any) -> None:
        """Bring an input in; a device value with room behind it is read where it is.

        :param own: the buffer of this input that is there in any case.
        """
        if not edge.nbytes:
            edge.bind(own)
        elif not isinstance(given, DeviceValue):
            self._enter_array(edge, own, given)
        elif given.has_room:
            edge.bind(given.buffer)
        else:
            edge.bind(own)
            self._copy(own, given.buffer, "copy on the device", edge)

    def _enter_array(self, edge: Edge, own: Any, given: Any) -> None:
        start = perf_counter()
        if edge.array is given:
            pass  # it is read where it is, as in the run before
        elif self.device.works_in_place(given, edge.dtype, ALIGNMENT):
            edge.bind(self._memory.buffer(0, host=given), given)
        elif own.hostbuf is None:
            edge.bind(own)
            self._copy(own, np.ascontiguousarray(given), "upload", edge)
            return
        else:
            edge.bind(own)
            np.copyto(own.hostbuf[: edge.nbytes].view(edge.dtype).reshape(edge.shape), given)
        if (events := profile.listener()) is not None:
            events.append(profile.Event("upload", perf_counter() - start, nbytes=edge.nbytes))

    def _copy(self, to: Any, source: Any, name: str, edge: Edge) -> None:
        start = perf_counter()
        blocking = {"is_blocking": True} if isinstance(source, np.ndarray) else {"byte_count": edge.nbytes}
        try:
            event = cl.enqueue_copy(self.queue, to, source, **blocking)
            if (events := profile.listener()) is not None:
                event.wait()
                events.append(profile.Event(name, perf_counter() - start, nbytes=edge.nbytes))
        except cl.Error as e:
            raise failure(f"{self._memory.owner}: {name} of input {edge.value.tensor.name!r}", e) from e

    def _leave(self, edge: Edge) -> DeviceValue:
        """Return the value that this run will store, in a buffer that no earlier value is in."""
        buffer = self._pool.take(edge.nbytes + ALIGNMENT)
        edge.bind(buffer)
        release = self._pool.give_back
        return DeviceValue(self.delegate, buffer, edge.shape, edge.dtype, release, self._running)

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


def where(partition: Partition) -> str:
    """Say which ops a partition holds, for messages."""
    first, last = partition.ops[0], partition.ops[-1]
    return str(first) if first is last else f"{first} to {last}"


def _part(buffer: Any, start: int, nbytes: int) -> Any:
    """Return the part of a buffer from a byte on (aligned: see ``lowering``); from 0 on all of it."""
    return buffer.get_sub_region(start, nbytes) if start else buffer
