"""A labelling script, Coral's detection example and an NVR's detectors have LiteRT's results."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from call_sequences import EDGETPU, SEQUENCES, Detector
from child import Child
from delegraph import Builder, Model, Signature, Tensor, compat, write_model
from flatbuffers import flexbuffers

BITS = np.frombuffer(np.random.PCG64(5).random_raw(8000).tobytes(), np.uint8)
IMAGE = BITS[: 48 * 48 * 3].reshape(48, 48, 3)
NMS = {
    "max_detections": 10, "max_classes_per_detection": 1, "num_classes": 2, "use_regular_nms": False,
    "nms_score_threshold": 0.1, "nms_iou_threshold": 0.6,
    "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def litert() -> Iterator[Child]:
    if importlib.util.find_spec("ai_edge_litert") is None:
        pytest.skip("ai-edge-litert is not installed: pip install ai-edge-litert")
    child = Child(Path(__file__).with_name("call_sequences.py"))
    yield child
    child.close()


def convolved(g: Builder, x: Tensor, channels: int, scale: float, start: int) -> Tensor:
    """Return a convolution by steps of 8 as wide as its filter: (1, 4, 4, channels) of uint8."""
    count = channels * 8 * 8 * 3
    weights = BITS[start : start + count].reshape(channels, 8, 8, 3)
    filter = g.constant(weights, scale=0.01, zero_point=128)
    bias = g.constant(np.zeros(channels, np.int32), scale=0.01 / 255, zero_point=0)
    y = g.tensor((1, 4, 4, channels), "uint8", scale=scale, zero_point=128)
    return g.op("CONV_2D", [x, filter, bias], [y], padding="VALID", stride_w=8, stride_h=8)


def image_input(g: Builder) -> Tensor:
    return g.input((1, 32, 32, 3), "uint8", name="image", scale=1 / 255, zero_point=0)


def classifier() -> Model:
    g = Builder()
    y = convolved(g, image_input(g), 6, 0.02, 0)
    mean = g.tensor((1, 6), "uint8", scale=0.02, zero_point=128)
    y = g.op("MEAN", [y, g.constant(np.int32([1, 2]))], [mean])
    return g.model(
        [g.op("SOFTMAX", [y], [g.tensor((1, 6), "uint8", scale=1 / 256, zero_point=0)], beta=4.0)]
    )


def detector(signed: bool = False) -> Model:
    """Boxes and scores of 16 anchors from convolutions; what Coral's compiled models end in."""
    g = Builder()
    x = image_input(g)
    ends = []
    for channels, scale, start in ((4, 0.02, 0), (3, 0.05, 2000)):
        y = convolved(g, x, channels, scale, start)
        flat = g.tensor((1, 16, channels), "uint8", scale=scale, zero_point=128)
        y = g.op("RESHAPE", [y, g.constant(np.int32([1, 16, channels]))], [flat])
        ends.append(g.op("DEQUANTIZE", [y], [g.tensor((1, 16, channels), "float32")]))
    scores = g.op("LOGISTIC", [ends[1]], [g.tensor((1, 16, 3), "float32")])
    centers = (np.arange(4, dtype=np.float32) + 0.5) / 4
    anchors = np.float32([[y, x, 0.3, 0.3] for y in centers for x in centers])
    outputs = [g.tensor(shape, "float32") for shape in ((1, 10, 4), (1, 10), (1, 10), (1,))]
    stored = bytes(flexbuffers.Dumps(NMS))
    g.op(
        "TFLite_Detection_PostProcess",
        [ends[0], scores, g.constant(anchors)],
        outputs,
        custom_options=stored,
    )
    model = g.model(outputs)
    names = {f"output_{i}": outputs[j].index for i, j in enumerate((3, 2, 1, 0))}
    signature = Signature("serving_default", {"image": x.index}, names)
    return attrs.evolve(model, signatures=(signature,) if signed else ())


MODELS = {"label_image": classifier(), "coral_detect": detector(), "nvr": detector()}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    found = {**MODELS, "signed": detector(signed=True)}
    for name, model in found.items():
        (tmp_path / f"{name}.tflite").write_bytes(write_model(model))
    return {name: str(tmp_path / f"{name}.tflite") for name in found}


def flat(value: Any) -> list[float]:
    return [x for v in value for x in flat(v)] if isinstance(value, (list, tuple)) else [float(value)]


@pytest.mark.parametrize(
    ("sequence", "delegate"),
    [*((s, d) for s in SEQUENCES for d in ("reference", "litert")), ("nvr", "opencl")],
)
def test_a_program_s_calls_give_litert_s_results(
    sequence: str, delegate: str, litert: Child, files: dict[str, str]
) -> None:
    _, expected = litert.ask((sequence, files[sequence], IMAGE), timeout=60)
    with compat.installed([delegate]):
        from tflite_runtime import interpreter as tflite

        found = SEQUENCES[sequence](tflite, files[sequence], IMAGE)
        (ran,) = compat.ran()
    assert len(flat(expected)) > 5
    np.testing.assert_allclose(flat(found), flat(expected), rtol=0.02, atol=0.01)  # steps of the scores
    assert ran.ops[delegate] >= 3


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_the_edge_tpu_s_library_is_the_delegate_edgetpu(
    sequence: str, litert: Child, files: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    _, expected = litert.ask((sequence, files[sequence], IMAGE), timeout=60)
    with compat.installed(["reference"]):
        from tensorflow.lite.python import interpreter as tflite

        found = SEQUENCES[sequence](tflite, files[sequence], IMAGE, EDGETPU)
        (ran,) = compat.ran()
    np.testing.assert_allclose(flat(found), flat(expected), rtol=0.02, atol=0.01)
    assert ran.ops["edgetpu"] >= 1


def test_detections_are_found_by_the_signature_s_names(litert: Child, files: dict[str, str]) -> None:
    _, expected = litert.ask(("coral_detect", files["signed"], IMAGE), timeout=60)
    with compat.installed(["reference"]):
        from tflite_runtime import interpreter as tflite

        found = SEQUENCES["coral_detect"](tflite, files["signed"], IMAGE)
    np.testing.assert_allclose(flat(found), flat(expected), rtol=1e-4)


def test_without_its_library_an_nvr_says_that_there_is_no_edge_tpu(files: dict[str, str]) -> None:
    with compat.installed(["reference"]):
        from tflite_runtime import interpreter as tflite

        with pytest.raises(RuntimeError, match="no Edge TPU was detected"):
            Detector(tflite, files["nvr"], "libnpu_of_somebody.so")
