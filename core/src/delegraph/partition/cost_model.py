"""What ops take on a delegate, and what handing over takes: said by the delegate, measured, or guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from ..contract import Delegate
from ..contract.asking import ask_or
from ..contract.guard import seconds_or_none
from ..model import Op, Tensor
from ..model.macs import macs_of
from .memory_estimate import nbytes


@frozen(eq=False)
class CostModel:
    """Seconds that a delegate takes."""

    op: Callable[[Op], float]
    launch: float  # of each run of a partition
    per_byte_in: float  # that another delegate, or the caller, hands over
    per_byte_out: float  # that somebody else reads
    measured: bool = False  # on this machine, or said by the delegate

    def handed_in(self, size: int) -> float:
        return self.per_byte_in * size

    def handed_out(self, size: int) -> float:
        return self.per_byte_out * size


def op_bytes(op: Op) -> int:
    """Return the bytes that an op reads and writes, weights among them; sizes not known count as 0."""
    return sum(_nbytes(t) for t in (*op.inputs, *op.outputs) if t is not None)


def guessed(rank: int) -> CostModel:
    """Return the cost model of a delegate of which nothing was measured.

    :param rank: its place among the delegates, from the last one on: each is taken to be twice as fast as
        the one after it, since that is what an order of preference says.
    """
    faster = 0.5**rank

    def op(op: Op) -> float:
        return faster * (_OP + _MAC * (macs_of(op) or 0) + _BYTE * op_bytes(op))

    return CostModel(op, _LAUNCH, _HANDED_BYTE, _HANDED_BYTE)


def said_by(delegate: Delegate, otherwise: CostModel) -> CostModel:
    """Return a cost model that asks the delegate first: its ``cost``."""
    if type(delegate).cost is Delegate.cost:
        return otherwise

    def op(op: Op) -> float:
        said = ask_or(delegate, "cost", seconds_or_none, None, op)
        return otherwise.op(op) if said is None else said

    return CostModel(op, otherwise.launch, otherwise.per_byte_in, otherwise.per_byte_out, measured=True)


def cost_models(delegates: Sequence[Delegate]) -> dict[Delegate, CostModel]:
    """Return what is known of each delegate."""
    last = len(delegates) - 1
    return {d: said_by(d, guessed(last - place)) for place, d in enumerate(delegates)}


def _nbytes(tensor: Tensor) -> int:
    return 0 if tensor.shape is None else nbytes(tensor)


# What nobody measured: of a small desktop CPU, in seconds.
_OP, _MAC, _BYTE = 4e-6, 2e-10, 4e-10
_LAUNCH, _HANDED_BYTE = 2e-5, 2e-10
