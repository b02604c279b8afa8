"""PACK: tensors of one shape, stacked along a new axis.

Source: tflite/kernels/pack.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import same_quantization, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of


def prepare(op: Op) -> Kernel:
    axis = axis_of(op.options.axis, len(shape_of(op.inputs[0])) + 1)

    def run(*arrays: np.ndarray) -> tuple[np.ndarray]:
        return (np.stack(arrays, axis),)

    return run


SUPPORT = [
    OpSupport("PACK", (1, 5), "T T* -> T", T=EVERY_TYPE, constraints=(same_quantization(),), kernel=prepare)
]
