"""The int16 ops in numpy: one module per op, found by looking, and a table of those that need no code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from delegraph import OpSupport, rows_of_modules

if TYPE_CHECKING:
    from delegraph import RowsByOp


@cache
def rows() -> RowsByOp:
    """Return the rows of every op, looked for once in a process, when the op is asked for."""
    table = {op: partial(_of_table, op) for op in LIKE.split()}
    return rows_of_modules(__name__, __path__, lambda module: module.SUPPORT, "reference", table)


def rows_of(op: str) -> Sequence[OpSupport]:
    return rows().rows_of(op)


def _of_table(op: str) -> Iterable[OpSupport]:
    from ._like import ROWS

    return [like.row() for like in ROWS if like.op == op]


# The ops of the table in ``_like``, which is imported when one of them is asked for.
LIKE = """
ABS ARG_MAX ARG_MIN AVERAGE_POOL_2D BITWISE_XOR FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LEAKY_RELU LESS
LESS_EQUAL MAXIMUM MAX_POOL_2D MEAN MINIMUM NEG REDUCE_MAX REDUCE_MIN REDUCE_PROD REDUCE_WINDOW RELU RELU6
RELU_0_TO_1 RELU_N1_TO_1 RESIZE_BILINEAR RIGHT_SHIFT SQRT STABLEHLO_ADD STABLEHLO_AND STABLEHLO_MAXIMUM
STABLEHLO_MINIMUM STABLEHLO_MULTIPLY STABLEHLO_REDUCE_WINDOW STABLEHLO_SHIFT_LEFT SUM WHERE
"""
