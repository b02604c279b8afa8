"""The intact files that are broken: small made ones, the repository's digits, some of the collection."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from delegraph.file import write_model
from delegraph.model import Builder, Model

DIGITS = Path(__file__).parents[2] / "docs" / "models"
COLLECTED = (
    "int8/micro_speech_quantized",
    "int8/kws_ref_model",
    "int8/okay_nabu",
    "int8/mnist_vit_int8io",
    "dynamic_range/mlperf_resnet8_dr",
    "uint8/mobilenet_v1_0.25_128_quant",
    "float16/mlperf_resnet8_fp16",
    "float16/face_detection_full_range_sparse",
    "float32/model_1",
    "lstm/trained_lstm_int8",
)


@cache
def specimens() -> dict[str, bytes]:
    """Return intact files by name; the collection's only where DELEGRAPH_MODELS is set."""
    found = {make.__name__.strip("_"): write_model(make()) for make in _MADE}
    found |= {file.stem: file.read_bytes() for file in sorted(DIGITS.glob("*.tflite"))}
    if folder := os.environ.get("DELEGRAPH_MODELS"):
        found |= {name: Path(folder, f"{name}.tflite").read_bytes() for name in COLLECTED}
    return found


def _windows() -> Model:
    """Per-axis int8 convolution, padding, pooling, flattening."""
    g = Builder()
    x = g.input((1, 8, 8, 3), "int8", scale=0.5, zero_point=3)
    w = g.constant(np.ones((4, 3, 3, 3), np.int8), scale=[0.1, 0.2, 0.3, 0.4], zero_point=[0] * 4)
    b = g.constant(np.arange(4, dtype=np.int32), scale=[0.05, 0.1, 0.15, 0.2], zero_point=[0] * 4)
    paddings = g.constant(np.int32([[0, 0], [1, 1], [1, 1], [0, 0]]))
    padded = g.op(
        "PAD", [x, paddings], [g.tensor((1, 10, 10, 3), "int8", scale=0.5, zero_point=3)], version=2
    )
    y = g.tensor((1, 8, 8, 4), "int8", scale=0.7, zero_point=-5)
    g.op("CONV_2D", [padded, w, b], [y], version=3, padding="VALID", stride_w=1, stride_h=1)
    z = g.tensor((1, 4, 4, 4), "int8", scale=0.7, zero_point=-5)
    window = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    g.op("MAX_POOL_2D", [y], [z], version=2, padding="VALID", **window)
    flat = g.tensor((1, 64), "int8", scale=0.7, zero_point=-5)
    g.op("RESHAPE", [z, g.constant(np.int32([1, 64]))], [flat], new_shape=[1, 64])
    return g.model(outputs=[flat], signature="serving_default")


def _movement() -> Model:
    """Slices, gathers, transposes and tiles with their operands in buffers."""
    g = Builder()
    x = g.input((2, 3, 4), "float32")
    turned = g.op("TRANSPOSE", [x, g.constant(np.int32([2, 0, 1]))], [g.tensor((4, 2, 3), "float32")])
    bounds = [g.constant(np.int32(v)) for v in ([0, 0, 0], [4, 2, 3], [2, 1, 1])]
    cut = g.op("STRIDED_SLICE", [turned, *bounds], [g.tensor((2, 2, 3), "float32")])
    some = g.op("GATHER", [cut, g.constant(np.int32([1, 0, 1]))], [g.tensor((3, 2, 3), "float32")], axis=0)
    both = g.op("CONCATENATION", [some, some], [g.tensor((6, 2, 3), "float32")], axis=0)
    mean = g.op("MEAN", [both, g.constant(np.int32([0]))], [g.tensor((2, 3), "float32")], keep_dims=False)
    return g.model(outputs=[mean])


def _elementwise() -> Model:
    """Quantized and float arithmetic with broadcasting, a dynamic batch, a signature."""
    g = Builder()
    x = g.input((-1, 4), "uint8", scale=0.1, zero_point=128)
    y = g.constant(np.uint8([[1, 2, 3, 250]]), scale=0.02, zero_point=10)
    s = g.op("ADD", [x, y], [g.tensor((1, 4), "uint8", scale=0.2, zero_point=100)])
    real = g.op("DEQUANTIZE", [s], [g.tensor((1, 4), "float32")])
    p = g.op("MUL", [real, real], [g.tensor((1, 4), "float32")], fused_activation_function="RELU6")
    top = g.op("SOFTMAX", [p], [g.tensor((1, 4), "float32")], beta=1.0)
    best = g.op("ARG_MAX", [top, g.constant(np.int32(1))], [g.tensor((1,), "int64")], output_type="INT64")
    return g.model(outputs=[top, best], signature="serving_default")


_MADE: tuple[Callable[[], Model], ...] = (_windows, _movement, _elementwise)
