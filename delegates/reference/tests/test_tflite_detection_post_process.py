"""TFLite_Detection_PostProcess where LiteRT has no answer: int8, and what stands behind the detections."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder
from delegraph.contract import SupportTable
from delegraph_reference.kernels.tflite_detection_post_process import SUPPORT
from flatbuffers import flexbuffers

OPTIONS = {
    "max_detections": 3,
    "max_classes_per_detection": 2,
    "nms_score_threshold": 0.3,
    "nms_iou_threshold": 0.5,
    "num_classes": 2,
    "y_scale": 1.0,
    "x_scale": 1.0,
    "h_scale": 1.0,
    "w_scale": 1.0,
}
# Three boxes of size 1 (their encodings are 0) at the anchors (y, x) 0, 0; 0, 0.25; 5, 5; sizes 1.
ANCHORS = np.array([[0, 0, 1, 1], [0, 0.25, 1, 1], [5, 5, 1, 1]], np.float32)
# Behind the background: the second box overlaps by 0.75 / 1.25 = 0.6 with the first, which is better.
SCORES = np.array([[[0, 0.5, 0.75], [0, 0.5, 0.25], [1, 0.25, 0.375]]], np.float32)
BOXES = [[-0.5, -0.5, 0.5, 0.5], [4.5, 4.5, 5.5, 5.5]]


def detected(arrays: list[np.ndarray], dtype: str, **quantization: Any) -> tuple[np.ndarray, ...]:
    g = Builder()
    inputs = [g.input(a.shape, dtype, **quantization) for a in arrays]
    outputs = [g.tensor((), "float32") for _ in range(4)]
    g.op("TFLite_Detection_PostProcess", inputs, outputs, custom_options=bytes(flexbuffers.Dumps(OPTIONS)))
    (op,) = g.model().subgraphs[0].ops
    row = SupportTable("reference", SUPPORT).row_for(op)
    assert row is not None
    return row.kernel(op)(*arrays)  # type: ignore[no-any-return]


def test_boxes_with_their_two_best_classes_and_zeros_behind_them() -> None:
    boxes, classes, scores, count = detected([np.zeros((1, 3, 4), np.float32), SCORES, ANCHORS], "float32")
    assert count.tolist() == [2]
    assert boxes[0].tolist() == [BOXES[0], BOXES[0], BOXES[1], BOXES[1], [0] * 4, [0] * 4]
    assert classes[0].tolist() == [1, 0, 1, 0, 0, 0]
    assert scores[0].tolist() == [0.75, 0.5, 0.375, 0.25, 0, 0]


def test_int8_means_what_its_scale_says() -> None:
    reals = [np.zeros((1, 3, 4), np.float32), SCORES, ANCHORS]
    stored = [np.array(real * 8 - 10, np.int8) for real in reals]
    found = detected(stored, "int8", scale=0.125, zero_point=-10)
    for ours, expected in zip(found, detected(reals, "float32"), strict=True):
        np.testing.assert_array_equal(ours, expected)
