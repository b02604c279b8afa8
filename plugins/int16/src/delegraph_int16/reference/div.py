"""DIV: elementwise quotient of two int16 operands, and a fused activation; a zero divisor is an error.

The reciprocal of the divisor in fixed point times the dividend, rescaled.

Source: tflite/kernels/div.cc, internal/reference/div.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import known_activation, operand
from delegraph_reference import Kernel, check_divisor, fitting_output, stored_quotient

from ._pairs import by_stored_pairs
from ._rules import one_scale_each


def prepare(op: Op) -> Kernel:
    divide = by_stored_pairs(stored_quotient)(op)
    zero_point = operand(op, 1).zero_point

    def run(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        check_divisor(y, zero_point)
        return divide(x, y)

    return run


SUPPORT = [
    OpSupport(
        "DIV", (1, 2), "int16 int16 -> int16", (known_activation, one_scale_each, fitting_output), prepare
    )
]
