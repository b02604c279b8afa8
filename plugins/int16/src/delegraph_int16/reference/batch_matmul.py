"""BATCH_MATMUL: as in the reference delegate, with int16 x and int16 or int8 y.

Sums times a multiplier of 15 bits, rounded once: ``shifted`` in ``_sums``.

Source: tflite/kernels/batch_matmul.cc (EvalInt16, EvalInt16Int8), internal/reference/batch_matmul.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, stored_range
from delegraph_reference import Kernel, operand, operand_shape, single_scale

from ._rules import fitting_factor, one_scale_each, symmetric
from ._sums import exactly, fifteen_bits, shifted


def prepare(op: Op) -> Kernel:
    adj_x, adj_y = bool(op.options.adj_x), bool(op.options.adj_y)
    offset = operand(op, 1).zero_point
    finish = exactly(shifted(*fifteen_bits(np.array([single_scale(op)]))), None, stored_range(op))

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        rows = x.swapaxes(-1, -2) if adj_x else x
        columns = y.swapaxes(-1, -2) if adj_y else y
        sums = np.matmul(rows.astype(np.float64), np.subtract(columns, offset, dtype=np.float64))
        out = np.empty(sums.shape, np.int16)
        finish(sums.reshape(-1, 1), out.reshape(-1, 1))
        return (out,)

    return run


@needs("operands of rank 2 to 5")
def matrices(op: Op) -> str | None:
    ranks = [len(operand_shape(op, i)) for i in (0, 1)]
    return None if all(2 <= rank <= 5 for rank in ranks) else f"ranks {ranks[0]} and {ranks[1]}"


SUPPORT = [
    OpSupport(
        "BATCH_MATMUL",
        (1, 4),
        "int16 int16|int8 -> int16",
        (matrices, one_scale_each, symmetric, fitting_factor),
        prepare,
    )
]
