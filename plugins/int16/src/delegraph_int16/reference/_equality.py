"""What EQUAL and NOT_EQUAL share.

Operands with scales are compared by what they stand for, those without as they are.

Source: tflite/kernels/comparisons.cc, internal/reference/comparisons.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import operand
from delegraph_reference import Kernel, by_formula, small_scales, to_comparable

from ._pairs import looked_up
from ._rules import one_scale_each, unscaled


def equality_rows(op: str, last: int, compare: np.ufunc) -> list[OpSupport]:
    """Return the rows of a comparison in versions 1 to ``last``."""
    types = "int16 int16 -> bool"

    def prepare(op: Op) -> Kernel:
        x_to_real, y_to_real = (looked_up(to_comparable(t), t) for t in (operand(op, 0), operand(op, 1)))
        return lambda x, y: (np.asarray(compare(x_to_real(x), y_to_real(y))),)

    return [
        OpSupport(op, (1, last), types, (one_scale_each, small_scales), prepare),
        OpSupport(op, (1, last), types, (unscaled,), by_formula(compare)),
    ]
