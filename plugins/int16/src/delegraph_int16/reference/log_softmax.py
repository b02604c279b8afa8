"""LOG_SOFTMAX: x less the logarithm of the sum of exp(x) along the last axis, on int16, rounded once.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import operand, operand_shape
from delegraph_reference import Kernel

from ._rounded import real, stored
from ._rules import one_scale_each, symmetric


def prepare(op: Op) -> Kernel:
    """x: (..., classes) -> (..., classes)."""
    tensor, out = operand(op, 0), op.outputs[0]

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        y = real(x.astype(np.int32) - x.max(axis=-1, keepdims=True), tensor)
        y -= np.log(np.exp(y).sum(axis=-1, keepdims=True))
        return (stored(y, out),)

    return run


@needs("a last axis that is not empty")
def some_classes(op: Op) -> str | None:
    shape = operand_shape(op, 0)
    return None if shape and shape[-1] else f"shape {shape_text(shape)}"


SUPPORT = [
    OpSupport("LOG_SOFTMAX", (1, 2), "int16 -> int16", (some_classes, symmetric, one_scale_each), prepare)
]
