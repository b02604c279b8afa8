"""BUCKETIZE: how many of the boundaries lie at or below each value.

Source: tflite/kernels/bucketize.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs

from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    """Boundaries are float32; LiteRT compares an integer as the nearest float32, too."""
    boundaries = np.array(op.options.boundaries, np.float32)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        values = x if x.dtype.kind == "f" else x.astype(np.float32)
        return (np.asarray(np.searchsorted(boundaries, values, "right"), np.int32),)

    return run


@needs("boundaries in rising order")
def rising_boundaries(op: Op) -> str | None:
    found = np.array(op.options.boundaries, np.float32)
    return None if (np.diff(found) >= 0).all() else f"{found.tolist()}"


SUPPORT = [
    OpSupport(
        "BUCKETIZE",
        (1, 1),
        "float32|float64|int32|int64 -> int32",
        constraints=(rising_boundaries,),
        kernel=prepare,
    )
]
