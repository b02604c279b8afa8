"""PAD: zeros around a tensor.

Source: tflite/kernels/pad.cc (Eval, EvalInt).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._movement import EVERY_TYPE, zero_of
from ._pad import PADDINGS, prepare_pad


def prepare(op: Op) -> Kernel:
    """Return x in a frame of the real value 0: the output's zero point where it is quantized."""
    padded, zero_point = prepare_pad(op), op.outputs[0].zero_point

    def run(x: np.ndarray, paddings: np.ndarray) -> tuple[np.ndarray]:
        return (padded(x, paddings, zero_point or zero_of(x.dtype)),)

    return run


SUPPORT = [OpSupport("PAD", (1, 6), f"T {PADDINGS} -> T", T=EVERY_TYPE, kernel=prepare)]
