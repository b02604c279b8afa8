"""Stands in for a delegate that was asked for and cannot be loaded: it refuses every op, and says why."""

from __future__ import annotations

from ..contract import Delegate, OpSupport, Partition, Refusal, Run, SupportTable
from ..errors import DelegateUnavailable
from ..model import Graph, Op


class Absent(Delegate):
    """A delegate that cannot work, on this machine or any other.

    :param why: what is wrong with its plugin.
    """

    name = "absent"

    def __init__(self, name: str, label: str | None, why: str) -> None:
        super().__init__(None, label or name)
        self.name = name  # type: ignore[misc]
        self._why = why
        self.table = SupportTable(name, ())

    def unavailable(self) -> str:
        return self._why

    def decide(self, op: Op, graph: Graph | None = None) -> tuple[OpSupport | None, list[Refusal]]:
        return None, [
            Refusal(f"a delegate {self.name!r} that can be loaded", self._why, kind="unavailable")
        ]

    def prepare(self, partition: Partition) -> Run:
        raise DelegateUnavailable(self._why)
