"""What delegates said of ops while a model was made ready, kept so that planning does not ask again."""

from __future__ import annotations

from ..contract import Delegate, OpSupport, Refusal
from ..contract.asking import decided
from ..model import Graph, Op

Decision = tuple[OpSupport | None, list[Refusal]]  # as of ``Delegate.decide``


class Decisions:
    """The answers of delegates on ops, by the very op: one with other shapes is another."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, Delegate], tuple[Op, Decision]] = {}  # by the identity of the op

    def decide(self, delegate: Delegate, op: Op, graph: Graph) -> Decision:
        """Return the row by which a delegate takes an op, or why it does not."""
        if (id(op), delegate) not in self._made:
            return decided(delegate, op, graph)
        row, refusals = self._made[id(op), delegate][1]
        return row, list(refusals)

    def keep(self, delegate: Delegate, op: Op, decision: Decision) -> None:
        self._made[id(op), delegate] = op, decision
