"""TFLite_Detection_PostProcess against LiteRT."""

from __future__ import annotations

from typing import Any

import litert
import numpy as np
import pytest
from delegraph import InputError
from delegraph.file import write_model
from delegraph.model import Builder, Model
from delegraph_reference.kernels import tflite_detection_post_process
from flatbuffers import flexbuffers
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, difference, random_array, run_op
from strategies import SEEDS

SCALES = {"y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
SHARP = {"nms_score_threshold": 0.2, "nms_iou_threshold": 0.5}
TYPES = st.sampled_from(
    [("float32", "float32"), ("uint8", "uint8"), ("float32", "uint8"), ("uint8", "float32")]
)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), types=TYPES, data=st.data(), seed=SEEDS)
def test_all_classes_are_suppressed_together(count: int, types: Any, data: Any, seed: int) -> None:
    classes, per_box = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    background, sides = data.draw(st.integers(0, 1)), data.draw(st.integers(4, 6))
    options = {"max_classes_per_detection": min(per_box, classes), "use_regular_nms": False}
    model = detector(count, classes, background, types, sides, max_detections=count, **options)
    inputs = random_inputs(model, seed, ties=data.draw(st.booleans()))
    assert_equal_detections(model, inputs, options["max_classes_per_detection"])


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), types=TYPES, data=st.data(), seed=SEEDS)
def test_each_class_is_suppressed_by_itself(count: int, types: Any, data: Any, seed: int) -> None:
    classes, most = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 12))
    options: dict[str, Any] = {"max_classes_per_detection": 1, "use_regular_nms": True}
    if data.draw(st.booleans()):
        options["detections_per_class"] = data.draw(st.integers(1, 12))
    background = data.draw(st.integers(0, 1))
    model = detector(count, classes, background, types, max_detections=most, **options)
    check(model, random_inputs(model, seed, ties=data.draw(st.booleans())), kernels=rows)


def test_boxes_that_end_before_they_begin_are_an_error_of_the_run() -> None:
    model = detector(2, 1, 0, ("float32", "float32"), max_detections=2)
    boxes, scores, anchors = random_inputs(model, 3, ties=False)
    with pytest.raises(litert.LiteRTError):
        litert.run(write_model(model), [boxes, scores, -anchors])
    with pytest.raises(InputError, match="needs boxes that begin before they end"):
        ours(model, [boxes, scores, -anchors])


def test_an_overlap_above_one_is_refused() -> None:
    model = detector(2, 1, 0, ("float32", "float32"), max_detections=2, nms_iou_threshold=1.5)
    inputs = random_inputs(model, 3, ties=False)
    check(model, inputs, kernels=rows, expect_refusal="an nms_iou_threshold above 0, at most 1")


def detector(
    count: int, classes: int, background: int, types: tuple[str, str], sides: int = 4, **options: Any
) -> Model:
    g = Builder()
    quantized = types[0] == "uint8"
    x = g.input((1, count, sides), types[0], **({"scale": 0.5, "zero_point": 128} if quantized else {}))
    scores = g.input((1, count, classes + background), types[1], **_sharing(types[1], 1 / 256))
    anchors = g.input((count, 4), types[0], **_sharing(types[0], 1 / 256))
    rows = options["max_detections"] * options.get("max_classes_per_detection", 1)
    outputs = [g.tensor(shape, "float32") for shape in ((1, rows, 4), (1, rows), (1, rows), (1,))]
    defaults = {"max_classes_per_detection": 1, "num_classes": classes}
    stored = bytes(flexbuffers.Dumps(SCALES | SHARP | defaults | options))
    g.op("TFLite_Detection_PostProcess", [x, scores, anchors], outputs, custom_options=stored)
    return g.model(outputs)


def random_inputs(model: Model, seed: int, ties: bool) -> list[np.ndarray]:
    x, scores, anchors = model.subgraphs[0].inputs
    values = random_array(scores.dtype, scores.shape, seed + 1, 0, 1 if scores.dtype == "float32" else 255)
    if ties:
        step = 0.25 if scores.dtype == "float32" else 64
        values = (values // step * step).astype(values.dtype)
    most = 1 if anchors.dtype == "float32" else 255
    return [
        random_array(x.dtype, x.shape, seed, *((-5, 5) if x.dtype == "float32" else (100, 150))),
        values,
        random_array(anchors.dtype, anchors.shape, seed + 2, 0, most),
    ]


def assert_equal_detections(model: Model, inputs: list[np.ndarray], per_box: int) -> None:
    """Compare the rows of the boxes found: LiteRT leaves what was in memory behind them."""
    theirs, mine = litert.run(write_model(model), inputs), ours(model, inputs)
    written = int(theirs[3][0]) * per_box
    assert mine[3] == theirs[3]
    for a, b in zip(mine[:3], theirs[:3], strict=True):
        assert a.shape == b.shape
        problem = difference(a[:, :written], b[:, :written])
        assert problem is None, problem


def ours(model: Model, inputs: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    graph = model.subgraphs[0]
    return run_op(graph.ops[0], graph, inputs, rows)


def rows(op: str) -> Any:
    return tflite_detection_post_process.SUPPORT


def _sharing(dtype: str, scale: float) -> dict[str, Any]:
    return {} if dtype == "float32" else {"scale": scale, "zero_point": 0}
