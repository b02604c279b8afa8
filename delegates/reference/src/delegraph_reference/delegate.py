"""Runs a partition op by op, each by the kernel of its row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
from attrs import field
from attrs.validators import ge, optional
from delegraph import Delegate, Partition, Run, frozen, run_op_by_op

from .quiet import is_quiet, loud
from .threads import on_threads

T = TypeVar("T")


@frozen
class Options:
    """Options of the reference delegate."""

    num_threads: int | None = field(default=None, validator=optional(ge(1)))
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
        run_ops = run_op_by_op(partition, lambda op: loud(partition.rows[op.index].kernel(op)))

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            if _running.get() is self:
                return run_ops(*inputs)
            return held(self.running(), lambda: run_ops(*inputs))

        return run


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
