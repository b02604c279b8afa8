"""L2_NORMALIZATION: x divided by its length along the last axis, or by 1e-6 where that is more, on int16.

Rounded once. Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import no_activation_and_some_axis, operand
from delegraph_reference import Kernel, quietly

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


SUPPORT = [
    OpSupport(
        "L2_NORMALIZATION",
        (1, 2),
        "int16 -> int16",
        (no_activation_and_some_axis, symmetric, one_scale_each),
        prepare,
    )
]
