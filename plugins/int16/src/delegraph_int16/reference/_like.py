"""Rows for int16 that compute as the reference computes another integer type."""

from __future__ import annotations

from attrs import evolve
from delegraph import Constraint, OpSupport
from delegraph_reference import row_of


def like(op: str, types: str, *where: Constraint, of: str = "int8") -> OpSupport:
    """Return the reference's row for these types with int16 in place of ``of``.

    :param where: constraints in place of those of the reference's row; the same ones if there are none
    """
    row = row_of(op, types)
    return evolve(row, types=types.replace(of, "int16"), where=where or row.where, T="")
