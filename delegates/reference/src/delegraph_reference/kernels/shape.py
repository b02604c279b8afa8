"""SHAPE: the sizes of a tensor's axes.

Source: tflite/kernels/shape.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs

from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    dtype = np.dtype(op.outputs[0].dtype)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.array(x.shape, dtype),)

    return run


@needs("an output of the type that the option out_type says")
def said_type(op: Op) -> str | None:
    said, dtype = op.options.out_type, op.outputs[0].dtype
    return None if said.lower() == dtype else f"{said} for an output of {dtype}"


SUPPORT = [OpSupport("SHAPE", (1, 1), "any -> int32|int64", (said_type,), prepare)]
