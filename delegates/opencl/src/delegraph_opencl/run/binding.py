"""Launches bound to their arguments: programs built, kernels that know all but what enters or leaves."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import pyopencl as cl
from delegraph import DelegateFailed, define, field, frozen

from ..device.buffers import part_of
from ..device.device import IN_CALLER
from ..device.status import failure
from ..program.launch import Arg, Launch, Packed
from ..program.memory import nbytes_of, owner
from ..program.node import Node, Scratch, Value
from ..program.target import Target
from .cached_parts import CachedParts
from .constants import Constants
from .edges import Edge, Edges
from .helpers import Helpers, aligned
from .single_launch import At, Call, SingleLaunch, is_one_of_many, single_launch

# To wake PoCL's workers, and the thread that asks when they are done, takes 0.03 to 0.2 ms, most on an idle
# machine or a busy one; helpers come by themselves. Both wait for each other between any two launches, the
# longer the more there are.
WAKE, JOIN, MEET = 220e-6, 25e-6, 0.5e-6  # seconds; MEET: of each launch and worker
LONG = 3e-3  # seconds on one core: the thread that asks can do something else meanwhile
# What one core takes: seconds of each launch, flops, bytes of tensors and of weights per second; of weights
# that do not stay in its cache.
LAUNCH, FLOPS, BYTES, WEIGHTS, FAR_WEIGHTS = 0.5e-6, 60e9, 40e9, 40e9, 15e9
CACHE = 5 << 18  # bytes of weights that do

Pair = tuple[Node | None, Launch]  # None: a conversion at the edge
logger = logging.getLogger("delegraph")


@define(eq=False)
class Bound:
    """A kernel with its arguments set."""

    kernel: Any
    launch: Launch
    node: Node | None  # None: a conversion at the edge
    source: str  # of its program
    nbytes: int  # that it reads and writes
    ops: str = ""  # of many launches
    in_caller: bool = False  # it is for the device that computes in the thread that asks
    helpers: Helpers | None = None  # who may help that thread,
    helping: Bound | None = None  # and what they run
    held: list[Any] = field(factory=list)  # buffers and parts of them: a kernel does not hold its arguments

    def __str__(self) -> str:
        return f"{self.ops or self.node or 'the edge of the partition'}: kernel {self.launch.name}"

    @property
    def sources(self) -> list[str]:
        """Those of its programs."""
        return [self.source] if self.helping is None else [self.source, self.helping.source]

    def set(self, number: int, arg: Any) -> None:
        if isinstance(arg, np.generic):
            # set_arg tries all other kinds of arguments first, which takes a hundred times as long.
            getattr(self.kernel, "_set_arg_buf", self.kernel.set_arg)(number, arg)
        else:
            self.held.append(arg)
            self.kernel.set_arg(number, arg)


@frozen(eq=False, slots=False)
class Binder:
    """Binds a partition's launches, one by one or many as one kernel.

    Its methods raise :class:`DelegateFailed` where a program does not compile; the message names its op.
    """

    launches: Sequence[Pair]
    target: Target
    edges: Edges
    buffers: Mapping[int, Any]  # of computed values and scratch memory, by ``id`` of the root
    constants: Constants
    cached: CachedParts
    _texts: dict[Any, str] = field(factory=dict, init=False)  # by source and defines of a launch
    _sources: dict[Any, str] = field(factory=dict, init=False)  # with the prelude

    def one_by_one(self) -> list[Bound]:
        """Return a kernel for each launch."""
        return [self._kernel(*pair) for pair in self.launches]

    def merged(self) -> list[Bound]:
        """Return kernels of many launches each, where they can be merged."""
        args = [arg for _, launch in self.launches for arg in launch.args]
        self.constants.load(list({arg.key: arg for arg in args if isinstance(arg, Packed)}.values()))
        cores = self._cores_of_caller
        groups = groupby(self.launches, lambda pair: is_one_of_many(pair[1]))
        return [b for together, group in groups for b in self._group(list(group), together, cores)]

    @property
    def _cores_of_caller(self) -> int:
        """How many cores compute, that of the thread that asks among them; 0: the device's workers do."""
        device, units = self.target.device, self.target.units
        if device.caller is None or not self.launches:
            return 0
        meetings = [launch for _, launch in self.launches if not launch.chained]
        alone = self._seconds(1)
        ways = {1: alone, 0: alone / units + WAKE + MEET * units * len(meetings)}
        if (helped := len(device.cores)) > 1 and device.shares_memory and alone < LONG:
            shared = sum(math.prod(launch.global_size) > 1 for launch in meetings)
            ways[helped] = self._seconds(helped) + JOIN + MEET * helped * shared
        return min(ways, key=ways.__getitem__)

    def _seconds(self, cores: int) -> float:
        """Return about how long so many cores take; a work-item is for one of them."""
        nbytes = [self._weights_bytes(launch) for _, launch in self.launches]
        per_second = WEIGHTS if sum(nbytes) / cores <= CACHE else FAR_WEIGHTS
        pairs = zip(self.launches, nbytes, strict=True)
        return sum(self._seconds_of(launch, n / per_second, cores) for (_, launch), n in pairs)

    def _seconds_of(self, launch: Launch, weights: float, cores: int) -> float:
        """:param weights: seconds that it takes to read them"""
        nbytes = sum(nbytes_of(arg, self.target.real_size) for arg in launch.args if isinstance(arg, Value))
        work = max(launch.flops / FLOPS, weights) + nbytes / BYTES
        return LAUNCH + work / max(min(cores, math.prod(launch.global_size)), 1)

    def _weights_bytes(self, launch: Launch) -> int:
        return sum(arg.nbytes or 0 for arg in launch.args if isinstance(arg, Packed))

    def _group(self, pairs: Sequence[Pair], together: bool, cores: int) -> Iterator[Bound]:
        many = together and (cores or len(pairs) > 1)
        if many and (single := self._single(pairs, cores)) is not None:
            yield single
        else:
            yield from (self._kernel(*pair, in_caller=cores > 0) for pair in pairs)

    def _single(self, pairs: Sequence[Pair], cores: int) -> Bound | None:
        """Return launches as one kernel; None where that cannot be."""
        calls, helped = [self._call(*pair) for pair in pairs], cores > 1
        single = single_launch(calls, cores or self.target.units, helped)
        if single is None:
            return None
        source = IN_CALLER + single.source if cores else single.source
        launch = Launch(source, "run", (), (1 if cores else single.workers,), (1,))
        bound = Bound(None, launch, None, source, 0, f"{pairs[0][0]} to {pairs[-1][0]}", cores > 0)
        try:
            self._build(bound)
            counters = self._helped(bound, single) if helped else (self._uploaded(single.counters, bound),)
        except DelegateFailed as e:
            logger.warning("opencl: each op gets a kernel of its own, which is slower: %s", e)
            return None
        tape, calls_made = self._uploaded(single.tape, bound), np.int32(single.calls)
        given = (tape, counters[0], calls_made, *counters[1:], *single.buffers)
        for i, arg in enumerate(given):
            if isinstance(arg, Edge):
                arg.uses.append((bound.kernel, i, 0, arg.nbytes))
            else:
                bound.set(i, arg)
        return bound

    def _helped(self, bound: Bound, single: SingleLaunch) -> tuple[Any, np.generic, np.generic]:
        """Let helpers have part in a launch; return the control block, its address, the caller's number."""
        control, kernels = aligned(single.control), []
        for _ in range(1, single.workers):
            bound.helping = Bound(None, bound.launch, None, single.source, 0, bound.ops)
            self._build(bound.helping)
            kernels.append(bound.helping.kernel)
        bound.helpers = Helpers(self.target.device, kernels, single, control)
        return (
            self.constants.uploaded(control, bound, shared=True),
            np.uint64(control.ctypes.data),
            np.int32(0),
        )

    def _uploaded(self, array: np.ndarray, bound: Bound) -> Any:
        return self.constants.uploaded(array, bound)

    def _call(self, node: Node | None, launch: Launch) -> Call:
        args = tuple(arg if isinstance(arg, np.generic) else self._at(arg) for arg in launch.args)
        about = (launch.name, args, launch.global_size, launch.chained, launch.passed)
        return Call(self._preludes[self._is_exact(node)], self._text(launch), *about)

    def _at(self, arg: Value | Packed | Scratch) -> At:
        """Return where an argument lies: in a buffer, or in what enters or leaves."""
        if isinstance(arg, Packed):
            return self.constants.at(arg, arg.key)
        buffer = self.edges.at(arg) or self.buffers[id(owner(arg))]
        return At(buffer, *self._extent(arg)) if isinstance(arg, Value) else At(buffer)

    def _kernel(self, node: Node | None, launch: Launch, in_caller: bool = False) -> Bound:
        """Return the kernel of one launch with its arguments, but for what enters and leaves."""
        real = self.target.real_size
        moved = sum(nbytes_of(arg, real) for arg in launch.args if isinstance(arg, Value))
        source = IN_CALLER + self._source(node, launch) if in_caller else self._source(node, launch)
        bound = Bound(None, launch, node, source, moved, in_caller=in_caller)
        self._build(bound)
        for i, arg in enumerate(launch.args):
            edge = self.edges.at(arg)
            if edge is None:
                bound.set(i, self._argument(arg, bound))
            else:
                assert isinstance(arg, Value)
                edge.uses.append((bound.kernel, i, *self._extent(arg)))
        return bound

    def _source(self, node: Node | None, launch: Launch) -> str:
        """Return the source of a launch's program: thousands of launches may have the same."""
        is_exact, text = self._is_exact(node), self._text(launch)
        key = is_exact, text
        if key not in self._sources:
            self._sources[key] = self._preludes[is_exact] + text
        return self._sources[key]

    def _text(self, launch: Launch) -> str:
        key = launch.source, launch.defines
        return self._texts.get(key) or self._texts.setdefault(key, launch.text)

    @cached_property
    def _preludes(self) -> tuple[str, str]:
        return self.target.prelude(exact=False), self.target.prelude(exact=True)

    def _is_exact(self, node: Node | None) -> bool:
        return node is not None and id(node) in self._exact

    @cached_property
    def _exact(self) -> set[int]:
        """The ``id`` of each node that reads or writes integers stored as real numbers."""
        return {
            id(node)
            for node, launch in self.launches
            for arg in launch.args
            if isinstance(arg, Value) and arg.levels is not None
        }

    def _build(self, bound: Bound) -> None:
        binary = self.cached.binary(bound.source)
        try:
            bound.kernel = self.target.device.kernel(bound.source, bound.launch.name, binary)
        except cl.Error as e:
            raise failure(str(bound), e) from e

    def _argument(self, arg: Arg, bound: Bound) -> Any:
        if isinstance(arg, np.generic):
            return arg
        if isinstance(arg, Packed):
            at = self.constants.at(arg, bound)
            bound.nbytes += at.nbytes
            return part_of(at.buffer, at.offset, at.nbytes)
        buffer = self.buffers[id(owner(arg))]
        return part_of(buffer, *self._extent(arg)) if isinstance(arg, Value) else buffer

    def _extent(self, value: Value) -> tuple[int, int]:
        """Return where a value lies in its root's buffer: its first byte, and how many there are."""
        nbytes = nbytes_of(value, self.target.real_size)
        return value.root_offset * (nbytes // max(value.size, 1)), nbytes
