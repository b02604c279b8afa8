"""The ops: a module each, found by looking, and a table of those that are a formula."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING

from delegraph import OpSupport, rows_of_modules

if TYPE_CHECKING:
    from delegraph import RowsByOp


@cache
def rows() -> RowsByOp:
    """Return the rows of every kernel module, each imported once in a process, when its op is asked for."""
    table = {op: partial(_of_table, op) for op in FORMULAS.split()}
    return rows_of_modules(__name__, __path__, lambda module: module.SUPPORT, "reference", table)


def row_of(op: str, types: str) -> OpSupport:
    """Return the row of an op that takes these operand types (see ``delegraph.contract.operand_types``).

    For packages that compute further types as the reference computes these.
    """
    return next(row for row in rows().rows_of(op) if row.takes_types(types))


def _of_table(op: str) -> Iterable[OpSupport]:
    from ._formulas import ROWS

    return [row for row in ROWS if row.op == op]


# The ops of the table in ``_formulas``, which is imported when one of them is asked for.
FORMULAS = """
ARG_MAX ARG_MIN ATAN2 BITWISE_XOR CEIL COS EQUAL EXP FLOOR GREATER GREATER_EQUAL IMAG LESS LESS_EQUAL
LOGICAL_AND LOGICAL_NOT LOGICAL_OR MAXIMUM MINIMUM NEG NOT_EQUAL REAL RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1
SIGN SIN SQUARE STABLEHLO_ABS STABLEHLO_ADD STABLEHLO_AND STABLEHLO_CBRT STABLEHLO_COSINE
STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_LOGISTIC STABLEHLO_MULTIPLY STABLEHLO_NEGATE
STABLEHLO_OR STABLEHLO_RSQRT STABLEHLO_SHIFT_LEFT STABLEHLO_SUBTRACT STABLEHLO_TANH TANH
UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_MIN UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_SUM ZEROS_LIKE
"""
