"""Runs a partition op by op, each by the kernel of its row."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import field, frozen
from attrs.validators import ge, optional
from delegraph import Delegate, Partition, Run, run_op_by_op

from .quiet import quietly_together
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
        run_ops = run_op_by_op(partition, lambda op: partition.rows[op.index].kernel(op))
        count = self.options.num_threads

        def run(*inputs: np.ndarray) -> tuple[Any, ...]:
            with on_threads(count):
                return run_ops(*inputs)

        return quietly_together(run)
