"""Which buffer each value lies in: values whose lives do not overlap share one."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from delegraph import frozen

from ..device.buffers import ALIGNMENT
from .launch import Arg, Launch
from .node import Scratch, Value, numpy_type

_TRIED = 256  # buffers that are looked at for one value: a graph may hold thousands at a time


class Shared:
    """A buffer, and the launches during which it holds something: lives that do not overlap."""

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        self._lives: list[tuple[int, int]] = []  # first and last launch, both included; in order

    def takes(self, first: int, last: int) -> bool:
        """Let it hold something during a life, unless it holds something else then."""
        at = bisect(self._lives, (first, last))
        if (at and self._lives[at - 1][1] >= first) or (
            at < len(self._lives) and self._lives[at][0] <= last
        ):
            return False
        self._lives.insert(at, (first, last))
        return True


@frozen(eq=False)
class MemoryPlan:
    """Where values and scratch memory lie."""

    buffers: tuple[int, ...]  # bytes of each
    places: dict[int, int]  # id of a root value or a scratch → index of its buffer

    @property
    def nbytes(self) -> int:
        return sum(self.buffers)


def plan_memory(launches: Sequence[Launch], real_size: int, apart: Iterable[Value]) -> MemoryPlan:
    """Assign buffers, the largest values first, each to the smallest buffer that is free for its life.

    :param apart: values that have buffers of their own: what enters and leaves the partition.
    """
    lives = _lives(launches, {id(v.root) for v in apart})
    shared: list[Shared] = []  # in decreasing order of their size, as the values are
    places = {}
    for key, (item, first, last) in sorted(lives.items(), key=lambda kv: -_nbytes(kv[1][0], real_size)):
        tried = range(len(shared) - 1, max(len(shared) - 1 - _TRIED, -1), -1)
        place = next((i for i in tried if shared[i].takes(first, last)), None)
        if place is None:
            place = len(shared)
            shared.append(Shared(_nbytes(item, real_size)))
            shared[place].takes(first, last)
        places[key] = place
    return MemoryPlan(tuple(s.nbytes for s in shared), places)


def _lives(launches: Sequence[Launch], apart: set[int]) -> dict[int, tuple[Value | Scratch, int, int]]:
    """Return what needs a buffer, and the first and last launch that uses it, by ``id``."""
    found: dict[int, tuple[Value | Scratch, int, int]] = {}
    at = -1
    for launch in launches:
        at += not launch.chained  # what is chained runs at the same time
        for item in owners(launch):
            if id(item) not in apart:
                first = found[id(item)][1] if id(item) in found else at
                found[id(item)] = (item, first, at)
    return found


def owners(launch: Launch) -> Iterator[Value | Scratch]:
    """Yield what has to have a buffer for the arguments of a launch."""
    for arg in launch.args:
        if not isinstance(arg, np.generic) and (found := owner(arg)) is not None:
            yield found


def owner(arg: Arg) -> Value | Scratch | None:
    """Return what has to have a buffer for an argument: a computed value's root, or a scratch."""
    if isinstance(arg, Value):
        return arg.root
    return arg if isinstance(arg, Scratch) else None


def nbytes_of(value: Value, real_size: int) -> int:
    """Return the bytes a value takes on the device."""
    if value.narrow:
        return value.size
    return value.size * (real_size if value.dtype == "real" else numpy_type(value).itemsize)


def _nbytes(item: Value | Scratch, real_size: int) -> int:
    nbytes = item.nbytes if isinstance(item, Scratch) else nbytes_of(item, real_size)
    return max(-(-nbytes // ALIGNMENT) * ALIGNMENT + ALIGNMENT, ALIGNMENT)
