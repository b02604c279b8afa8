"""Why ops stay on the CPU, those that share a reason together."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from delegraph import Op

from .status import Operation

_SHOWN = 8  # ops that are named, of those that share a reason


@frozen
class Reason:
    """What some ops need and do not have, and what would make them pass."""

    ops: tuple[Op, ...]
    why: str
    way_out: str  # "" where nothing is known

    def __str__(self) -> str:
        return f"{_named(self.ops)}: {self.why}"


def reasons(operations: Sequence[Operation]) -> list[Reason]:
    """Return why ops are not mapped, in the order in which the reasons are first met."""
    found: dict[tuple[str, str], list[Op]] = {}
    for o in operations:
        if not o.is_mapped:
            found.setdefault((o.why, o.way_out), []).append(o.op)
    return [Reason(tuple(ops), why, way_out) for (why, way_out), ops in found.items()]


def _named(ops: Sequence[Op]) -> str:
    """Name ops with their indices: ``CONV_2D #3 #7, ADD #9``."""
    indices: dict[str, list[int]] = {}
    for op in ops[:_SHOWN]:
        indices.setdefault(op.name, []).append(op.index)
    named = ", ".join(" ".join([name, *(f"#{i}" for i in places)]) for name, places in indices.items())
    return named + (f" and {len(ops) - _SHOWN} more" if len(ops) > _SHOWN else "")
