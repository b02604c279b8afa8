"""One module per op, found by looking: adding a file here adds its rows."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from delegraph import OpSupport, rows_of_modules

if TYPE_CHECKING:
    from delegraph import RowsByOp


@cache
def rows() -> RowsByOp:
    """Return the rows of every kernel module, each imported once in a process, when its op is asked for."""
    return rows_of_modules(__name__, __path__, lambda module: module.SUPPORT, "reference")


def row_of(op: str, types: str) -> OpSupport:
    """Return the row of an op that takes these operand types (see ``delegraph.contract.operand_types``).

    For packages that compute further types as the reference computes these. It imports that op alone.
    """
    return next(row for row in rows().rows_of(op) if row.takes_types(types))
