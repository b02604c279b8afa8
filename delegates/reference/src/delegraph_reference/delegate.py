"""Runs a partition op by op, each by the kernel of its row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from attrs import field, frozen
from attrs.validators import ge, optional
from delegraph import Delegate, Partition, Run, run_op_by_op

from .quiet import is_quiet, loud
from .threads import on_threads


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

    @contextmanager
    def running(self) -> Iterator[None]:
        """Threads, and warnings turned off: for a small partition that takes longer than its ops."""
        token, was_quiet = _running.set(self), is_quiet.set(True)
        try:
            with on_threads(self.options.num_threads), np.errstate(all="ignore"):
                yield
        finally:
            is_quiet.reset(was_quiet)
            _running.reset(token)

    def prepare(self, partition: Partition) -> Run:
        run_ops = run_op_by_op(partition, lambda op: loud(partition.rows[op.index].kernel(op)))

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            if _running.get() is self:
                return run_ops(*inputs)
            with self.running():
                return run_ops(*inputs)

        return run


_running: ContextVar[Reference | None] = ContextVar("delegraph_reference_running", default=None)
