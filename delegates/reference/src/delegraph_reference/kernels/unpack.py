"""UNPACK: the slices of a tensor along an axis, each a tensor without it; views.

Source: tflite/kernels/unpack.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import same_quantization, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, along, axis_of


def prepare(op: Op) -> Kernel:
    axis = axis_of(op.options.axis, len(shape_of(op.inputs[0])))
    # The ellipsis makes numpy give an array even of rank 0.
    indices = [(*along(axis, i), ...) for i in range(len(op.outputs))]

    def run(x: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple([x[index] for index in indices])

    return run


SUPPORT = [
    OpSupport("UNPACK", (1, 6), "T -> T*", T=EVERY_TYPE, constraints=(same_quantization(),), kernel=prepare)
]
