"""L2_NORMALIZATION: x divided by its length along the last axis, or by 1e-6 where that is more, on int16.

Rounded once. Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, fused_activation, needs
from delegraph_reference import Kernel, operand, operand_shape, quietly

from ._rounded import real, stored
from ._rules import one_scale_each, symmetric

_LEAST_LENGTH = 1e-6


def prepare(op: Op) -> Kernel:
    """x: (..., depth) -> (..., depth)."""
    scale, out = operand(op, 0).scale, op.outputs[0]

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        squares = np.square(x, dtype=np.int64).sum(axis=-1, keepdims=True)
        lengths = np.maximum(np.sqrt(squares) * scale, _LEAST_LENGTH)
        return (stored(real(x, operand(op, 0)) / lengths, out),)

    return run


@needs("no fused activation and a rank of at least 1")
def plain(op: Op) -> str | None:
    if fused_activation(op) != "NONE":
        return fused_activation(op)
    return None if operand_shape(op, 0) else "a scalar"


SUPPORT = [
    OpSupport("L2_NORMALIZATION", (1, 2), "int16 -> int16", (plain, symmetric, one_scale_each), prepare)
]
