"""What a model may ask for: bytes of one tensor, bytes in all, rounds of its loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract import Plan
from ..errors import ModelError
from ..kinds import whole
from ..model import Op, Tensor, called_by_ops, callers_first
from ..text import bytes_text, shape_text
from ..values import define, field, frozen
from .memory_estimate import estimate, nbytes

DEFAULT_MAX_TENSOR_BYTES = 4 << 30
DEFAULT_MAX_TOTAL_BYTES = 16 << 30


def _whole(budget: Any, attribute: Any, value: Any) -> None:
    whole(attribute.name, value, 0)


def _whole_or_none(budget: Any, attribute: Any, value: Any) -> None:
    if value is not None:
        _whole(budget, attribute, value)


@frozen
class Budget:
    """The limits of one interpreter. Values count as arrays hold them; strings as pointers."""

    max_tensor_bytes: int = field(default=DEFAULT_MAX_TENSOR_BYTES, validator=_whole)
    # Of computed constants, of state, and of what a run holds at one time. The file's own constants are no
    # part of it.
    max_total_bytes: int = field(default=DEFAULT_MAX_TOTAL_BYTES, validator=_whole)
    # Rounds of all loops of a run; None: as many as they want.
    max_while_iterations: int | None = field(default=None, validator=_whole_or_none)

    def check_tensor(self, tensor: Tensor, where: object) -> None:
        """Check a tensor whose shape was found.

        :param where: for the message: the op that makes it
        :raises ModelError: it would take too much
        """
        found = nbytes(tensor)
        if found > self.max_tensor_bytes:
            raise ModelError(
                f"{where}: tensor {tensor.index} {tensor.name!r} of shape {shape_text(tensor.shape)} takes "
                f"{bytes_text(found)}, more than max_tensor_bytes={self.max_tensor_bytes}"
            )

    def check_total(self, found: int, what: object) -> None:
        """Check the bytes that are held together.

        :param what: for the message: what would hold them
        :raises ModelError: they are too many
        """
        if found > self.max_total_bytes:
            raise ModelError(
                f"{what}: {bytes_text(found)}, more than max_total_bytes={self.max_total_bytes}"
            )

    def check_plan(self, plan: Plan, subgraph: int, keep_all: bool) -> None:
        """Check what a run of a subgraph would hold at one time, as far as shapes are known.

        :raises ModelError: it is too much
        """
        graphs = [sub.graph for sub in plan.subgraphs]
        reached = callers_first([subgraph], lambda index: called_by_ops(graphs[index].ops))
        folded = sum(nbytes(t) for i in reached for op in graphs[i].folded for t in op.outputs)
        self.check_total(folded, "constants that are computed beforehand")
        found = estimate(plan, subgraph, keep_all)
        at = f"a run needs, at {found.peak_op}" if found.peak_op else "a run needs"
        self.check_total(folded + found.variables + found.peak, at)


DEFAULT_BUDGET = Budget()


@define
class Spending:
    """Counts what constants take that were computed so far."""

    budget: Budget
    nbytes: int = 0

    def add(self, op: Op) -> None:
        """Count what an op gives, before it is computed.

        :raises ModelError: it would be too much
        """
        self.nbytes += sum(map(nbytes, op.outputs))
        self.budget.check_total(self.nbytes, f"constants up to {op}, computed beforehand")


def held(value: Any) -> int:
    """Return the bytes of an array, or of a value on a device; strings count as pointers."""
    if type(value) is np.ndarray:
        return value.nbytes
    found = value.dtype.itemsize
    for n in value.shape:
        found *= n
    return int(found)
