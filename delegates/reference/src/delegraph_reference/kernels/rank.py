"""RANK: the number of a tensor's axes.

Source: tflite/kernels/rank.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.array(x.ndim, np.int32),)

    return run


SUPPORT = [OpSupport("RANK", (1, 1), "any -> int32", kernel=prepare)]
