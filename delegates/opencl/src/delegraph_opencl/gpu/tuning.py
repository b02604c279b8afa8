"""Work-group sizes by measuring: each candidate of a kernel runs a few times, the fastest stays.

What is best differs between devices by up to two times. A choice is made once for a kernel and a shape: it
is remembered in the process and, with ``serialization_dir``, on disk. Without tuning the first candidate is
taken, which the caller picks by rule.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..device.buffers import ALIGNMENT
from ..program.launch import Arg, Launch, Packed
from ..program.memory import nbytes_of
from ..program.node import Scratch, Value
from ..program.target import Target

_RUNS = 3  # of a candidate, after one that does not count
_HOPELESS = 3  # times slower than the best so far: not run again
logger = logging.getLogger("delegraph")

Candidate = tuple[int, ...]


def tuned(
    target: Target,
    kernel: str,
    candidates: Sequence[Candidate],
    launches: Callable[[Candidate], Iterable[Launch]],
    exact: bool = False,
) -> Candidate:
    """Return the candidate that is fastest on this device; the first one where nothing is measured.

    :param kernel: names the kernel and all that its speed depends on besides device and precision.
    :param launches: what runs with a candidate.
    :param exact: see :meth:`Target.prelude`.
    """
    if not target.tune or len(candidates) == 1:
        return candidates[0]
    key = (target.device.identity, target.half, kernel)
    stored = _known.get(key) or tuple(target.tuned.get(kernel, ()))
    if stored not in candidates:
        stored = _fastest(target, kernel, candidates, launches, exact)
    _known[key] = stored
    target.tuned[kernel] = [*stored]
    return stored


_known: dict[tuple[str, bool, str], Candidate] = {}


def _fastest(
    target: Target,
    kernel: str,
    candidates: Sequence[Candidate],
    launches: Callable[[Candidate], Iterable[Launch]],
    exact: bool,
) -> Candidate:
    bench = Bench(target, exact)
    best, shortest = candidates[0], float("inf")
    for candidate in candidates:
        seconds = bench.seconds(list(launches(candidate)), shortest)
        logger.debug("%s: %s takes %.1f us", kernel, candidate, seconds * 1e6)
        if seconds < shortest:
            best, shortest = candidate, seconds
    return best


class Bench:
    """Runs launches on memory of its own."""

    def __init__(self, target: Target, exact: bool = False) -> None:
        self.target = target
        self.exact = exact
        self._queue = target.device.queue(profiling=True)
        self._buffers: dict[Any, Any] = {}
        self._packed: dict[str, int] = {}  # bytes of constants

    def seconds(self, launches: Sequence[Launch], best: float = float("inf")) -> float:
        """Return how long launches take on the device at the least; infinity if they cannot run.

        :param best: the time to beat: what is much slower runs once.
        """
        import pyopencl as cl

        try:
            kernels = [(self._kernel(launch), launch) for launch in launches]
            self._run(kernels)
            shortest = self._run(kernels)
            for _ in range(_RUNS - 1):
                if shortest > _HOPELESS * best:
                    break
                shortest = min(shortest, self._run(kernels))
        except cl.Error as e:  # too much memory or too many registers for this device
            logger.debug("cannot run: %s", e)
            return float("inf")
        return shortest

    def _run(self, kernels: Sequence[tuple[Any, Launch]]) -> float:
        import pyopencl as cl

        events = [
            cl.enqueue_nd_range_kernel(self._queue, kernel, launch.global_size, launch.local_size)
            for kernel, launch in kernels
        ]
        self._queue.finish()
        return sum(e.profile.end - e.profile.start for e in events) * 1e-9

    def _kernel(self, launch: Launch) -> Any:
        source = self.target.prelude(self.exact) + launch.text
        kernel = self.target.device.kernel(source, launch.name)
        for i, arg in enumerate(launch.args):
            kernel.set_arg(i, arg if isinstance(arg, np.generic) else self._buffer(arg))
        return kernel

    def _buffer(self, arg: Arg) -> Any:
        """Return zeros for an argument, the same for all candidates."""
        import pyopencl as cl

        key, nbytes = self._extent(arg)
        if key not in self._buffers:
            buffer = cl.Buffer(self.target.device.context, cl.mem_flags.READ_WRITE, nbytes + ALIGNMENT)
            cl.enqueue_fill_buffer(self._queue, buffer, np.uint8(0), 0, nbytes + ALIGNMENT)
            self._buffers[key] = buffer
        return self._buffers[key]

    def _extent(self, arg: Arg) -> tuple[Any, int]:
        if isinstance(arg, Packed):
            if arg.key not in self._packed:
                self._packed[arg.key] = arg.make().nbytes if arg.nbytes is None else arg.nbytes
            return arg.key, self._packed[arg.key]
        if isinstance(arg, Scratch):
            return ("scratch", arg.nbytes), arg.nbytes
        assert isinstance(arg, Value)
        return id(arg), nbytes_of(arg, self.target.real_size)
