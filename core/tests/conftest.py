"""A toy delegate and interpreters over it, for tests of what core does with delegates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from delegraph import Delegate, Op, OpSupport, Partition, Run, SupportTable
from delegraph.interpreter import Interpreter
from delegraph.model import Model
from delegraph.plugins import Plugins

KERNELS: dict[str, Callable[..., Any]] = {
    "ADD": lambda op, x, y: x + y,
    "MUL": lambda op, x, y: x * y,
    "NEG": lambda op, x: -x,
    "LESS": lambda op, x, y: np.asarray(x < y),
    "RESHAPE": lambda op, x, *shape: x.reshape(op.outputs[0].shape),  # a view of its input
    "CONCATENATION": lambda op, *xs: np.concatenate(xs, op.options.axis),
    "RANGE": lambda op, start, limit, delta: np.arange(start, limit, delta, start.dtype),
    "WHERE": lambda op, x: np.argwhere(x).astype(np.int64),  # as many rows as x has true elements
    "Sum": lambda op, x, total: (total + x, total + x),  # the second is the variable's next value
    "Odd": lambda op, x: np.array(x[x % 2 == 1]),  # a custom op whose values decide its shape
}


class Toy(Delegate):
    """Computes a few ops op by op, and remembers what was prepared and run.

    :param ops: the ops it takes; all of ``KERNELS`` by default.
    :param constraints: constraints on all of them.
    """

    name = "toy"
    dynamic = True

    def __init__(self, *ops: str, label: str | None = None, constraints: tuple[Any, ...] = ()) -> None:
        super().__init__(None, label)
        unknown = {"Odd": lambda op, shapes: [None]}
        rows = [
            OpSupport(op, (1, 99), "any* -> any*", constraints, shapes=unknown.get(op))
            for op in ops or KERNELS
        ]
        self.table = SupportTable(self.name, rows)
        self.prepared: list[list[str]] = []  # names of the ops of each partition
        self.ran: list[str] = []
        self.closed = False

    def prepare(self, partition: Partition) -> Run:
        self.prepared.append([op.name for op in partition.ops])

        def run(*inputs: Any) -> tuple[Any, ...]:
            values = dict(zip((t.index for t in partition.inputs), inputs, strict=True))
            for op in partition.ops:
                self.step(op, values)
            return tuple(values[t.index] for t in (*partition.outputs, *partition.variables))

        return run

    def step(self, op: Op, values: dict[int, Any]) -> None:
        """Run one op on the values of a partition, by tensor index."""
        self.ran.append(op.name)
        given = [t.data if t.is_constant else values[t.index] for t in op.inputs if t is not None]
        found = KERNELS[op.name](op, *given)
        found = found if isinstance(found, tuple) else (found,)
        values.update(zip((t.index for t in (*op.outputs, *op.variables)), found, strict=True))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def toy() -> type[Toy]:
    return Toy


@pytest.fixture
def interpret() -> Callable[..., Interpreter]:
    """Return a function that makes an interpreter of toys alone, no plugin installed."""

    def make(model: Model, *delegates: Delegate, **settings: Any) -> Interpreter:
        return Interpreter(model=model, delegates=delegates or [Toy()], plugins=Plugins(), **settings)

    return make
