"""SELECT_V2: x where the condition holds, else y; all three are broadcast.

Source: tflite/kernels/select.cc (SelectPrepare, kVersionTwo).
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..elementwise import WHOLE_BYTES
from ..kernel import Kernel
from .select import chosen


def prepare(op: Op) -> Kernel:
    shape = op.outputs[0].shape

    def run(condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        return (chosen(condition, x, y).reshape(shape),)

    return run


SUPPORT = [OpSupport("SELECT_V2", (1, 2), "bool T T -> T", kernel=prepare, T=WHOLE_BYTES)]
