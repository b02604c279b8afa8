"""Launches: a kernel with its arguments, the unit that is bound once and enqueued at every run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen

from .node import Value

# numpy's type of each device type but "real"; and its name in OpenCL C.
C_TYPES = {
    "bool": "uchar",
    "uint8": "uchar",
    "int8": "char",
    "int16": "short",
    "uint16": "ushort",
    "int32": "int",
    "uint32": "uint",
    "int64": "long",
    "uint64": "ulong",
    "real": "REAL",
}


@frozen(hash=False)
class Packed:
    """A constant in the form that a kernel wants: made when a cache does not have it.

    ``key`` says what it is made of and how, and is unique among the constants of a partition.
    """

    key: str
    make: Callable[[], np.ndarray]  # C-contiguous, in the device's types (real numbers as float32)


@frozen(eq=False)
class Scratch:
    """Memory that one node needs while it runs."""

    nbytes: int


Arg = Value | Packed | Scratch | np.generic


@frozen(hash=False)
class Rows:
    """How a launch can be cut along the rows of its result, its first axes."""

    count: int
    unit: int  # a work-item takes a multiple of so many rows,
    least: int  # and not fewer than these
    read: int  # bytes that each work-item reads, however few its rows: weights
    cut: Callable[[int], Launch]  # the launch with so many rows for each work-item
    follows: Value | None = None  # it reads just the same rows of this value


@frozen(hash=False)
class Launch:
    """One kernel to enqueue.

    ``source`` is OpenCL C; ``defines`` are put before it, ``("K", 3)`` as ``#define K 3``. Launches of one
    source and defines share a program.
    """

    source: str
    name: str  # the __kernel function
    args: tuple[Arg, ...]
    global_size: tuple[int, ...]
    local_size: tuple[int, ...] | None = None
    defines: tuple[tuple[str, Any], ...] = ()
    writes: tuple[Value | Scratch, ...] = ()
    flops: int = 0  # floating-point operations, for the profile
    rows: Rows | None = None  # of a launch that can be part of a chain
    chained: bool = False  # work-item i may run as soon as work-item i of the launch before it is done


def blocks(n: int, size: int) -> int:
    """Return how many blocks of ``size`` cover ``n``."""
    return -(-n // size)


def rounded_up(n: int, multiple: int) -> int:
    return blocks(n, multiple) * multiple


def int32s(*numbers: int) -> tuple[np.int32, ...]:
    return tuple(map(np.int32, numbers))


def numbers(values: Sequence[int]) -> int:
    return math.prod(values)
