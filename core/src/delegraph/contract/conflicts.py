"""Two packages that claim the same op, version and types of one delegate: whose row serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..values import frozen
from . import operand_types
from .support_row import OpSupport


@frozen(hash=False)
class Conflict:
    """Two packages claim the same op, version and types of one delegate."""

    serves: OpSupport
    refused: OpSupport
    types: str  # operand types that both claim


def without_conflicts(rows: Iterable[OpSupport], owner: str) -> tuple[list[OpSupport], list[Conflict]]:
    """Return the rows that serve, the owner's first, and a conflict for each row that is left out.

    One row's witnesses (optionals absent and present, repeats once and twice) are tried on the other.

    :param owner: the plugin that offers the delegate: its rows serve. Among others, the first by name.
    """
    kept: list[OpSupport] = []
    by_op: dict[str, list[OpSupport]] = {}
    conflicts = []
    for row in sorted(rows, key=lambda row: (row.origin != owner, row.origin)):
        rivals = by_op.setdefault(row.op, [])
        found = next(
            ((r, t) for r in rivals if r.origin != row.origin and (t := _common_types(r, row))), None
        )
        if found is None:
            rivals.append(row)
            kept.append(row)
        else:
            conflicts.append(Conflict(found[0], row, found[1]))
    return kept, conflicts


def _common_types(a: OpSupport, b: OpSupport) -> str | None:
    if a.versions[0] > b.versions[1] or b.versions[0] > a.versions[1]:
        return None
    return next((types for types in _witnesses(a) if b.takes_types(types)), None) or next(
        (types for types in _witnesses(b) if a.takes_types(types)), None
    )


def _witnesses(row: OpSupport) -> Iterator[str]:
    return operand_types.witnesses(row.types, row.choices)
