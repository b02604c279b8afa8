"""Runs a partition op by op, each by the kernel of its row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

import numpy as np
from delegraph import Delegate, Partition, Run, at_least, field, frozen, run_op_by_op

from .quiet import is_quiet, loud
from .threads import on_threads

T = TypeVar("T")
_LARGE = 8 << 20  # more keeps more than runs need at their peak


@frozen
class Options:
    """Options of the reference delegate."""

    num_threads: int | None = field(default=None, validator=at_least(1))
    # ``num_threads``: None is 1, as in LiteRT


class Reference(Delegate):
    """Every op in numpy; integers bit for bit as LiteRT's ``BUILTIN_REF`` computes them."""

    name = "reference"
    Options = Options
    dynamic = True
    contiguous = False

    def running(self) -> AbstractContextManager[None]:
        return Quietly(self)

    def prepare(self, partition: Partition) -> Run:
        keep_freed_memory()
        run_ops = run_op_by_op(partition, lambda op: loud(partition.rows[op.index].kernel(op)))

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            if _running.get() is self:
                return run_ops(*inputs)
            return held(self.running(), lambda: run_ops(*inputs))

        return run


@cache
def keep_freed_memory() -> None:
    """Let what a run frees be there for the next one, for up to twice ``_LARGE`` bytes.

    The C library of Linux gives memory back to the system when the end of the heap has more free than twice
    the largest block that it has freed so far. A model with a few large images then takes and clears the
    same pages in each run, for a fifth of its time. A block that nobody writes to costs nothing.
    """
    np.empty(_LARGE, np.uint8)


class Quietly(AbstractContextManager[None]):
    """Threads, and warnings turned off: for a small partition that takes longer than its ops.

    The end may be called again, and without a beginning: where a Ctrl-C cut one of them short. So values
    are set as they were before, and no token is used up.
    """

    __slots__ = ("_before", "_delegate", "_threads")

    def __init__(self, delegate: Reference) -> None:
        self._delegate = delegate
        self._threads = on_threads(delegate.options.num_threads)
        self._before = (_running.get(), is_quiet.get(), np.geterr())

    def __enter__(self) -> None:
        _running.set(self._delegate)
        is_quiet.set(True)
        np.seterr(all="ignore")
        self._threads.__enter__()

    def __exit__(self, *exc: object) -> None:
        running, was_quiet, errors = self._before
        self._threads.__exit__(None, None, None)
        np.seterr(**errors)
        is_quiet.set(was_quiet)
        _running.set(running)


def held(scope: AbstractContextManager[None], work: Callable[[], T]) -> T:
    """Return what some work gives in a scope that is left even if a Ctrl-C comes at its edges."""
    try:
        try:
            scope.__enter__()
            return work()
        finally:
            scope.__exit__(None, None, None)
    except KeyboardInterrupt:
        scope.__exit__(None, None, None)
        raise


_running: ContextVar[Reference | None] = ContextVar("delegraph_reference_running", default=None)
