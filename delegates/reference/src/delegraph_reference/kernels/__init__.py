"""The ops: a module each, found by looking, and a table of those that are a formula."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from delegraph import OpSupport, rows_of_modules

from . import _formulas

if TYPE_CHECKING:
    from delegraph import RowsByOp


@cache
def rows() -> RowsByOp:
    """Return the rows of every kernel module, each imported once in a process, when its op is asked for."""
    table = _formulas.table()
    return rows_of_modules(__name__, __path__, lambda module: module.SUPPORT, "reference", table)


def row_of(op: str, types: str) -> OpSupport:
    """Return the row of an op that takes these operand types (see ``delegraph.contract.operand_types``).

    For packages that compute further types as the reference computes these.
    """
    return next(row for row in rows().rows_of(op) if row.takes_types(types))
