"""UNSORTED_SEGMENT_MIN: the smallest values of the slices of each segment, in any order.

Source: tflite/kernels/unsorted_segment.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op

from ..kernel import Kernel
from ._segments import prepare_unsorted, rows


def prepare(op: Op) -> Kernel:
    start = np.finfo(np.float32).max if op.outputs[0].dtype == "float32" else np.iinfo(np.int32).max
    return prepare_unsorted(op, np.fmin, start)


SUPPORT = rows("UNSORTED_SEGMENT_MIN", prepare)
