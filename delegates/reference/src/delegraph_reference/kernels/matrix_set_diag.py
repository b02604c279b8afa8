"""MATRIX_SET_DIAG: matrices with their diagonals replaced.

Source: tflite/kernels/matrix_set_diag.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    """x: (*batch, rows, columns), diagonal: (*batch, min(rows, columns))."""
    at = np.arange(min(shape_of(op.inputs[0])[-2:]))

    def run(x: np.ndarray, diagonal: np.ndarray) -> tuple[np.ndarray]:
        out = x.copy()
        out[..., at, at] = diagonal
        return (out,)

    return run


@needs("matrices and a diagonal for each")
def diagonal_for_each(op: Op) -> str | None:
    shape, diagonal = (shape_of(t) for t in op.inputs)
    fits = len(shape) >= 2 and diagonal == (*shape[:-2], min(shape[-2:]))
    return None if fits else f"shapes {shape_text(shape)} and {shape_text(diagonal)}"


SUPPORT = [
    OpSupport(
        "MATRIX_SET_DIAG",
        (1, 1),
        "T T -> T",
        T=EVERY_TYPE,
        constraints=(diagonal_for_each,),
        kernel=prepare,
    )
]
