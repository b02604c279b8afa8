"""SEGMENT_SUM: sums of the slices of each segment, segments numbered in rising order.

Source: tflite/kernels/segment_sum.cc, internal/reference/segment_sum.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport

from ..elementwise import quietly
from ..kernel import Kernel
from ._segments import segment_ids_of_rows, summed


def prepare(op: Op) -> Kernel:
    """x: (rows, *rest), ids: (rows,) -> (last id + 1, *rest); float32 is added up in float64."""

    @quietly
    def run(x: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray]:
        steps = np.diff(ids, prepend=0)
        if steps[:1].any() or ((steps < 0) | (steps > 1)).any():
            raise InputError(f"needs segment ids that rise from 0 by 1, found {ids.tolist()}")
        return (summed(x, ids, int(ids[-1]) + 1 if ids.size else 0),)

    return run


SUPPORT = [
    OpSupport(
        "SEGMENT_SUM",
        (1, 1),
        "T int32 -> T",
        T="float32 int32",
        constraints=(segment_ids_of_rows,),
        kernel=prepare,
    )
]
