"""NON_MAX_SUPPRESSION_V5: the best of boxes that overlap, with scores that overlaps lower.

Source: tflite/kernels/non_max_suppression.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import once
from ._suppression import boxes_and_scores, constant_number, number_to_select, selected


def prepare(op: Op) -> Kernel:
    """boxes: (n, 4), two corners (y, x); scores: (n,) -> indices and scores of those kept; their number.

    Behind those kept stands 0.
    """
    number = once(number_to_select, op.inputs[2])

    @quietly
    def run(
        boxes: np.ndarray, scores: np.ndarray, most: np.ndarray, *limits: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        iou, least, sigma = (a.reshape(-1)[0] for a in limits)
        if sigma < 0:
            raise InputError(f"needs a sigma of at least 0, found {sigma:g}")
        kept = selected(boxes, scores, number(most), iou, least, sigma)
        indices, left = np.zeros(number(most), np.int32), np.zeros(number(most), np.float32)
        indices[: len(kept)] = [box.index for box in kept]
        left[: len(kept)] = [box.score for box in kept]
        return indices, left, np.array(len(kept), np.int32)

    return run


SUPPORT = [
    OpSupport(
        "NON_MAX_SUPPRESSION_V5",
        (1, 1),
        "float32 float32 int32 float32 float32 float32 -> int32 float32 int32",
        constraints=(boxes_and_scores, constant_number),
        kernel=prepare,
    )
]
