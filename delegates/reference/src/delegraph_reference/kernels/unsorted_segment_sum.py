"""UNSORTED_SEGMENT_SUM: the sums of the slices of each segment, in any order.

Source: tflite/kernels/unsorted_segment.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op

from ..kernel import Kernel
from ._segments import prepare_unsorted, rows


def prepare(op: Op) -> Kernel:
    return prepare_unsorted(op, np.add, 0)


SUPPORT = rows("UNSORTED_SEGMENT_SUM", prepare)
