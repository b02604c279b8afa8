"""SELECT: x where the condition holds, else y; the condition may have one value per row.

Source: tflite/kernels/select.cc (SelectPrepare, kVersionOne).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs

from ..elementwise import WHOLE_BYTES, operand
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


@needs("x and y of one shape, and a condition of that shape, a scalar, or one value per row")
def fitting_shapes(op: Op) -> str | None:
    shapes = [t.shape for t in op.inputs if t is not None]
    condition, x, y = shapes
    if x == y and (condition in (x, ()) or (x and condition == x[:1])):
        return None
    if all(t.size == 1 for t in (*op.inputs, *op.outputs) if t is not None):
        return None
    return f"shapes {', '.join(map(str, shapes))}"


SUPPORT = [OpSupport("SELECT", (1, 4), "bool T T -> T", (fitting_shapes,), prepare, T=WHOLE_BYTES)]
