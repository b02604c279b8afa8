"""SELECT: x where the condition holds, else y; the condition may have one value per row.

Source: tflite/kernels/select.cc (SelectPrepare, kVersionOne).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import operand, select_shapes

from ..elementwise import WHOLE_BYTES
from ..kernel import Kernel


def chosen(condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return np.where(condition, x, y), in a time that does not depend on the condition's pattern."""
    integer = np.dtype(f"i{x.dtype.itemsize}")
    all_bits = np.negative(condition.astype(integer))
    a, b = x.view(integer), y.view(integer)
    return np.asarray(((a ^ b) & all_bits) ^ b).view(x.dtype)


def prepare(op: Op) -> Kernel:
    condition, x = operand(op, 0), operand(op, 1)
    shape = op.outputs[0].shape
    is_per_row = condition.shape != x.shape and condition.size > 1
    rows = (-1, *(1,) * (len(x.shape or ()) - 1))

    def run(condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        if is_per_row:
            condition = condition.reshape(rows)
        return (chosen(condition, x, y).reshape(shape),)

    return run


SUPPORT = [OpSupport("SELECT", (1, 4), "bool T T -> T", (select_shapes,), prepare, T=WHOLE_BYTES)]
