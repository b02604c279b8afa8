"""DENSIFY: a sparse constant as an ordinary tensor.

Source: tflite/kernels/densify.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs

from ..kernel import Kernel
from ..sparse import dense
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    """Return the values of input 0, zeros where it stores none; computed once, since it is a constant."""
    (x,) = op.inputs
    assert x is not None
    values = dense(x)
    values.flags.writeable = False

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (values,)

    return run


@needs("a sparse constant")
def sparse_constant(op: Op) -> str | None:
    x = op.inputs[0]
    assert x is not None
    if x.sparsity is None:
        return "no sparsity"
    return None if x.is_constant else "a computed tensor"


SUPPORT = [
    OpSupport(
        "DENSIFY",
        (1, 1),
        "T -> T",
        T=EVERY_TYPE.replace(" string", ""),
        constraints=(sparse_constant,),
        kernel=prepare,
    )
]
