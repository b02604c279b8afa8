"""PADV2: a given value around a tensor.

Source: tflite/kernels/pad.cc (Eval, EvalInt).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import same_quantization

from ..kernel import Kernel
from ._movement import EVERY_TYPE
from ._pad import PADDINGS, prepare_pad


def prepare(op: Op) -> Kernel:
    """Return x in a frame of the stored value in input 2, whose quantization is the output's."""
    padded = prepare_pad(op)

    def run(x: np.ndarray, paddings: np.ndarray, value: np.ndarray) -> tuple[np.ndarray]:
        return (padded(x, paddings, value.reshape(())),)

    return run


@needs("one value to pad with")
def one_value(op: Op) -> str | None:
    value = op.inputs[2]
    return None if value is None or value.size == 1 else f"shape {shape_text(value.shape)}"


SUPPORT = [
    OpSupport(
        "PADV2",
        (1, 6),
        f"T {PADDINGS} T -> T",
        T=EVERY_TYPE,
        constraints=(one_value, same_quantization(slice(2, 3))),
        kernel=prepare,
    )
]
