"""Runs a partition op by op, each by the kernel of its row."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from attrs import field, frozen
from attrs.validators import ge, optional
from delegraph import Delegate, DelegateFailed, Op, Partition, Run, run_op_by_op

from .kernel import Kernel
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

    def prepare(self, partition: Partition) -> Run:
        run_ops = run_op_by_op(partition, partial(self._kernel, partition))
        count = self.options.num_threads

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            with on_threads(count):
                return run_ops(*inputs)

        return run

    def _kernel(self, partition: Partition, op: Op) -> Kernel:
        row = self.table.row_for(op, partition.graph)
        if row is None:
            why = "; ".join(map(str, self.table.refusals(op, partition.graph)))
            raise DelegateFailed(f"{op} cannot be handled by {self.label}: {why}")
        return row.kernel(op)  # type: ignore[no-any-return]
