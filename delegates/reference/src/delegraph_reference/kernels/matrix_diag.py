"""MATRIX_DIAG: matrices of zeros with given diagonals.

Source: tflite/kernels/matrix_diag.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, zero_of


def prepare(op: Op) -> Kernel:
    """diagonal: (*batch, n) -> (*batch, n, n)."""
    *batch, n = shape_of(op.inputs[0])
    at = np.arange(n)

    def run(diagonal: np.ndarray) -> tuple[np.ndarray]:
        out = np.full((*batch, n, n), zero_of(diagonal.dtype), diagonal.dtype)
        out[..., at, at] = diagonal
        return (out,)

    return run


@needs("a diagonal of at least 1 axis")
def diagonals(op: Op) -> str | None:
    return None if shape_of(op.inputs[0]) else "a scalar"


SUPPORT = [
    OpSupport("MATRIX_DIAG", (1, 1), "T -> T", T=EVERY_TYPE, constraints=(diagonals,), kernel=prepare)
]
