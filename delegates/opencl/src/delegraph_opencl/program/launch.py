"""Launches: a kernel with its arguments, the unit that is bound once and enqueued at every run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from delegraph import frozen

from .node import Scratch, Value


@frozen(hash=False)
class Packed:
    """A constant in the form that a kernel wants.

    ``key`` says what it is made of and how, and is unique among the constants of a partition. One whose
    size is known before it is made is kept in a cache, and taken from there only in that size. Numbers from
    which a kernel computes where to read are none of these: a cache may hold whatever somebody wrote there.
    """

    key: str
    make: Callable[[], np.ndarray]  # C-contiguous, in the device's types (real numbers as float32)
    nbytes: int | None = None  # that it has; None: it is made anew by every process


Arg = Value | Packed | Scratch | np.generic


@frozen
class Spans:
    """How rows are divided among work-items."""

    items: int
    each: int  # rows of a work-item,
    apart: int  # and from the first of one to the first of the next: fewer where they overlap
    before: int = 0  # rows that the first work-item would have before row 0


@frozen(hash=False)
class RowWindows:
    """How a launch reads another's rows: for each line of its own rows it reads some lines of those."""

    value: Value
    width: int  # rows of a line that it reads
    stride: int  # lines from one window to the next
    before: int  # lines of the first window before line 0
    reach: int  # lines of a window


@frozen(hash=False)
class Rows:
    """How a launch can be cut along the rows of its result, its first axes."""

    count: int
    unit: int  # a work-item takes a multiple of so many rows,
    least: int  # and not fewer than these
    read: int  # bytes that each work-item reads, however few its rows: weights
    cut: Callable[[int], Launch]  # the launch with so many rows for each work-item
    follows: Value | None = None  # it reads just the same rows of this value
    windows: RowWindows | None = None  # or these
    overlapped: Callable[[Spans], Launch] | None = None  # the launch with work-items that may overlap


@frozen
class Passed:
    """An argument of which each worker keeps but the rows of its last work-item, always in one place."""

    number: int
    item: int  # bytes of a work-item's rows
    worker: int  # bytes from one worker's place to the next one's
    before: int = 0  # bytes of rows that the first work-item would have before row 0


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
    passed: tuple[Passed, ...] = ()  # the arguments that nothing but its chain needs
    chained: bool = False  # work-item i may run as soon as work-item i of the launch before it is done

    @property
    def text(self) -> str:
        """The OpenCL C to compile behind a target's prelude."""
        return "".join(f"#define {name} {value}\n" for name, value in self.defines) + self.source


def blocks(n: int, size: int) -> int:
    """Return how many blocks of ``size`` cover ``n``."""
    return -(-n // size)


def even_spans(count: int, each: int) -> Spans:
    return Spans(blocks(count, each), each, each)


def rounded_up(n: int, multiple: int) -> int:
    return blocks(n, multiple) * multiple


def int32s(*numbers: int) -> tuple[np.int32, ...]:
    return tuple(map(np.int32, numbers))
