"""NON_MAX_SUPPRESSION_V4: the best of boxes that overlap, and how many there are.

Source: tflite/kernels/non_max_suppression.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import once
from ._suppression import boxes_and_scores, constant_number, number_to_select, selected


def prepare(op: Op) -> Kernel:
    """boxes: (n, 4), two corners (y, x); scores: (n,) -> indices of those kept, 0 behind; their number."""
    number = once(number_to_select, op.inputs[2])

    @quietly
    def run(
        boxes: np.ndarray, scores: np.ndarray, most: np.ndarray, iou: np.ndarray, least: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        limits = iou.reshape(-1)[0], least.reshape(-1)[0], np.float32(0)
        kept = selected(boxes, scores, number(most), *limits)
        indices = np.zeros(number(most), np.int32)
        indices[: len(kept)] = [box.index for box in kept]
        return indices, np.array(len(kept), np.int32)

    return run


SUPPORT = [
    OpSupport(
        "NON_MAX_SUPPRESSION_V4",
        (1, 1),
        "float32 float32 int32 float32 float32 -> int32 int32",
        constraints=(boxes_and_scores, constant_number),
        kernel=prepare,
    )
]
