"""STABLEHLO_COMPARE: whether two values are equal, or which is larger.

A float that is NaN differs from all, unless ``compare_type`` asks for the total order.

Source: StableHLO's specification of compare; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import operand, same_shape

from .. import bfloat16
from ..elementwise import quietly
from ..kernel import Kernel
from ._stablehlo import NUMBERS
from ._total_order import total_order

_PREFIX = "STABLEHLO_COMPARISON_DIRECTION_"
DIRECTIONS = {
    "EQ": np.equal,
    "NE": np.not_equal,
    "GE": np.greater_equal,
    "GT": np.greater,
    "LE": np.less_equal,
    "LT": np.less,
}


def prepare(op: Op) -> Kernel:
    compare = DIRECTIONS[direction(op)]
    total, bfloats = in_total_order(op), operand(op, 0).dtype == "bfloat16"

    @quietly
    def run(*operands: np.ndarray) -> tuple[np.ndarray]:
        if bfloats:
            operands = tuple(map(bfloat16.widen, operands))
        if total and operands[0].dtype.kind == "f":
            operands = tuple(map(total_order, operands))
        return (np.asarray(compare(*operands)),)

    return run


def direction(op: Op) -> str:
    """Return "LT" and the like."""
    return str(op.options.comparison_direction).removeprefix(_PREFIX)


def in_total_order(op: Op) -> bool:
    return bool(op.options.compare_type == "STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER")


SUPPORT = [
    OpSupport("STABLEHLO_COMPARE", (1, 1), "T T -> bool", (same_shape,), prepare, T=f"{NUMBERS} bfloat16")
]
