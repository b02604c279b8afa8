"""The int16 ops in numpy: one module per op, found by looking, and a table of those that need no code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from delegraph import OpSupport, rows_of_modules

from . import _rows

if TYPE_CHECKING:
    from delegraph import RowsByOp


@cache
def rows() -> RowsByOp:
    """Return the rows of every op, looked for once in a process, when the op is asked for."""
    return rows_of_modules(__name__, __path__, lambda module: module.SUPPORT, "reference", _rows.table())


def rows_of(op: str) -> Sequence[OpSupport]:
    return rows().rows_of(op)
