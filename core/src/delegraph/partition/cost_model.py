"""What ops take on a delegate, and what handing over takes: said by the delegate, measured, or guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..contract import Delegate
from ..contract.asking import ask_or
from ..contract.guard import seconds_or_none
from ..log import logger
from ..model import Op
from ..model.macs import macs_of
from ..values import frozen
from .cost_table import CostTable, op_bytes, table_of

# Plans of several partitions that were estimated to win a tenth, from classes of ops, took up to 1.35 times
# what the plain ones took, one of 30 partitions that was to win a quarter twice as long.
DOUBT = 0.4


@frozen(eq=False)
class CostModel:
    """Seconds that a delegate takes."""

    op: Callable[[Op], float]
    launch: float  # of each run of a partition
    per_byte_in: float  # that another delegate, or the caller, hands over
    per_byte_out: float  # that somebody else reads
    doubt: float = 0.0  # the part by which a sum of these is known to be off

    def handed_in(self, size: int) -> float:
        return self.per_byte_in * size

    def handed_out(self, size: int) -> float:
        return self.per_byte_out * size


def cost_models(delegates: Sequence[Delegate]) -> dict[Delegate, CostModel]:
    """Return what is known of each delegate: what was measured, if it was of all that can work here.

    A measured time and a guessed one say nothing of each other.
    """
    working = [d for d in delegates if d.out_of_use is None]
    tables = {d: table_of(d) for d in working}
    unknown = [d for d in working if tables[d] is None and not _says_costs(d)]
    if unknown:
        names = ", ".join(d.label for d in unknown)
        logger.info("what ops take on %s is guessed: delegraph calibrate-costs measures it", names)
    ranks = {d: rank for rank, d in enumerate(reversed(delegates))}
    return {d: _said_by(d, _model(None if unknown else tables.get(d), ranks[d])) for d in delegates}


def is_measured(delegates: Sequence[Delegate]) -> bool:
    """Say whether the costs of all delegates that can work here are known, not guessed."""
    return all(d.out_of_use is not None or _says_costs(d) or table_of(d) is not None for d in delegates)


def _model(table: CostTable | None, rank: int) -> CostModel:
    if table is None:
        return _guessed(rank)
    return CostModel(table.seconds, table.launch, table.per_byte, table.per_byte, DOUBT)


def _guessed(rank: int) -> CostModel:
    """Return the cost model of a delegate of which nothing is known.

    :param rank: its place among the delegates, from the last one on: each is taken to be twice as fast as
        the one after it, since that is what an order of preference says.
    """
    faster = 0.5**rank

    def op(op: Op) -> float:
        return faster * (_OP + _MAC * (macs_of(op) or 0) + _BYTE * op_bytes(op))

    return CostModel(op, _LAUNCH, _HANDED_BYTE, _HANDED_BYTE, DOUBT)


def _said_by(delegate: Delegate, otherwise: CostModel) -> CostModel:
    """Return a cost model that asks the delegate first: its ``cost``."""
    if not _says_costs(delegate):
        return otherwise

    def op(op: Op) -> float:
        said = ask_or(delegate, "cost", seconds_or_none, None, op)
        return otherwise.op(op) if said is None else said

    return CostModel(op, otherwise.launch, otherwise.per_byte_in, otherwise.per_byte_out)


def _says_costs(delegate: Delegate) -> bool:
    return type(delegate).cost is not Delegate.cost


# What nobody measured: of a small desktop CPU, in seconds.
_OP, _MAC, _BYTE = 4e-6, 2e-10, 4e-10
_LAUNCH, _HANDED_BYTE = 2e-5, 2e-10
