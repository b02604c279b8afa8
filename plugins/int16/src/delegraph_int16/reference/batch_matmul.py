"""BATCH_MATMUL: as in the reference delegate, with int16 x and int16 or int8 y.

Sums times a multiplier of 15 bits, rounded once: ``shifted`` in ``_sums``. An int8 y may have a scale for
each column, where LiteRT, which takes several scales for a scale of 0, gives zeros.

Source: tflite/kernels/batch_matmul.cc (EvalInt16, EvalInt16Int8), internal/reference/batch_matmul.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, stored_range
from delegraph.rules import matrices, operand, operand_shape, scales_along, scales_of, zero_point_found
from delegraph_reference import Kernel, single_scale

from ._rules import fitting_factor, one_scale_each, symmetric
from ._sums import exactly, fifteen_bits, shifted


def prepare(op: Op) -> Kernel:
    adj_x, adj_y = bool(op.options.adj_x), bool(op.options.adj_y)
    offset, many = operand(op, 1).zero_point, len(scales_of(operand(op, 1))) > 1
    finish = exactly(shifted(*fifteen_bits(column_scales(op))), None, stored_range(op))

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        rows = x.swapaxes(-1, -2) if adj_x else x
        columns = y.swapaxes(-1, -2) if adj_y else y
        sums = np.matmul(rows.astype(np.float64), np.subtract(columns, offset, dtype=np.float64))
        out = np.empty(sums.shape, np.int16)
        width = sums.shape[-1] if many else 1
        finish(sums.reshape(-1, width), out.reshape(-1, width))
        return (out,)

    return run


def column_scales(op: Op) -> np.ndarray:
    """Return what a unit of a sum is in steps of the output, float64: for all columns, or for each."""
    x, y, out = operand(op, 0), operand(op, 1), op.outputs[0]
    if len(scales_of(y)) == 1:
        return np.array([single_scale(op)])
    return np.asarray(scales_of(y).astype(np.float64) * x.scale / out.scale)


@needs("one scale for y, or one for each column with zero points of 0")
def scales_of_columns(op: Op) -> str | None:
    y = operand(op, 1)
    if len(scales_of(y)) > 1 and (found := zero_point_found(y)):
        return found
    return scales_along(len(operand_shape(op, 1)) - (2 if op.options.adj_y else 1)).found(op)


SUPPORT = [
    OpSupport(
        "BATCH_MATMUL",
        (1, 4),
        "int16 int16|int8 -> int16",
        (matrices, one_scale_each, symmetric, scales_of_columns, fitting_factor),
        prepare,
    )
]
