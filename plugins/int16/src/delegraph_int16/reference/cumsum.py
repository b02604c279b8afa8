"""CUMSUM: running sums along an axis, from either end, on int16: exact, then rounded once.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import operand
from delegraph_reference import Kernel, row_of

from ._rounded import real, stored
from ._rules import one_scale_each, symmetric


def prepare(op: Op) -> Kernel:
    add_up = row_of("CUMSUM", "int64 int32 -> int64").kernel(op)
    x, out = operand(op, 0), op.outputs[0]

    def run(values: np.ndarray, axis: np.ndarray) -> tuple[np.ndarray]:
        (sums,) = add_up(values.astype(np.int64), axis)
        return (stored(real(sums, x), out),)

    return run


SUPPORT = [OpSupport("CUMSUM", (1, 1), "int16 int32 -> int16", (symmetric, one_scale_each), prepare)]
