"""EMBEDDING_LOOKUP: rows of a table, picked by number; a quantized table's rows become real numbers.

Source: ml_drift_delegate/tflite/model_builder.cc; tflite/kernels/embedding_lookup.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from delegraph import Op, OpSupport, needs
from delegraph.rules import (
    constant,
    one_scale_at_most,
    operand,
    rows_inside,
    rows_of_table,
    scaled,
    scales_along,
    scales_found,
    something_to_pick,
    zero_point_found,
)

from ..families.move_ops import move_support
from ..families.picked import Picks, picked
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    kernel = Kernel(_launches, narrow=True)
    yield from move_support(
        "EMBEDDING_LOOKUP", kernel, options, "int32 T -> T", 5, (*_WHERE, one_scale_at_most)
    )
    if options.quantized:
        constraints = (*_WHERE, constant("table", 1), scaled_table, scales_along(0))
        yield OpSupport("EMBEDDING_LOOKUP", (1, 5), "int32 int8 -> float32", constraints, kernel)


@needs("a table with scales, and zero points of 0")
def scaled_table(op: Op) -> str | None:
    table = operand(op, 1)
    return zero_point_found(table) if scaled(table) else scales_found(table)


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    """rows: (n,), table: (rows, *rest) -> (n, *rest)."""
    indices, table = node.input(0), node.input(1)
    picks = Picks(1, indices.size, table.shape[:1], math.prod(table.shape[1:]))
    return picked(table, indices, node.outputs[0], picks, target)


_WHERE = (rows_of_table, rows_inside, something_to_pick(1))
