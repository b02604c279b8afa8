"""WHERE: the indices of the values that are not zero, in the order of memory.

Source: tflite/kernels/where.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    """condition: any shape -> int64 (values that are not zero, axes of condition)."""

    def run(condition: np.ndarray) -> tuple[np.ndarray]:
        return (np.argwhere(condition).astype(np.int64, copy=False),)

    return run


_TYPES = "bool|float32|int8|uint8|int32|uint32|int64"
SUPPORT = [OpSupport("WHERE", (1, 2), f"{_TYPES} -> int64", kernel=prepare)]
