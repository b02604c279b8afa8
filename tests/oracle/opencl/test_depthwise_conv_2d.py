"""DEPTHWISE_CONV_2D on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from attrs import evolve
from delegraph import Builder, window
from delegraph_opencl.kernels import depthwise_conv_2d
from one_op import random_array
from one_op_opencl import check, run
from weighted import KINDS, Draw, weighted_model

DRAW = Draw(5, True, False, 1.0, (5, 0, 0), 0.3)
# image, filter, multiplier, stride, dilation, padding
SHAPES = {
    "3 x 3": ((1, 13, 15, 32), (3, 3), 1, 1, 1, "SAME"),
    "strided": ((1, 14, 13, 24), (3, 3), 1, 2, 1, "SAME"),
    "dilated": ((1, 17, 15, 20), (3, 3), 1, 1, 4, "SAME"),
    "5 x 5": ((2, 11, 9, 17), (5, 5), 1, 2, 1, "VALID"),
    "one column": ((1, 6, 1, 40), (3, 1), 1, 1, 1, "SAME"),
    "3 channels": ((1, 9, 8, 3), (3, 3), 1, 1, 1, "SAME"),
    "12 channels": ((1, 9, 8, 12), (3, 3), 1, 2, 1, "VALID"),
    "70 channels": ((1, 7, 9, 70), (3, 3), 1, 1, 1, "SAME"),
    "96 channels, strided": ((2, 8, 7, 96), (5, 3), 1, 2, 1, "SAME"),
    "smaller than the window": ((1, 2, 3, 16), (5, 5), 1, 1, 1, "SAME"),
    "several filters of a channel": ((2, 9, 8, 5), (3, 3), 3, 2, 1, "SAME"),
    "20 filters of one channel": ((1, 19, 12, 1), (8, 5), 20, 2, 1, "SAME"),
    "a long window": ((1, 60, 4, 8), (49, 1), 1, 1, 1, "SAME"),
}


def _case(kind: str, shape: tuple[Any, ...], draw: Draw = DRAW, **more: Any) -> Any:
    (batch, height, width, channels), filter, multiplier, stride, dilation, padding = shape
    places = [
        window(n, f, stride, dilation, padding).output for n, f in zip((height, width), filter, strict=True)
    ]
    options = {"stride_h": stride, "stride_w": stride, "padding": padding, "depth_multiplier": multiplier}
    options |= {"dilation_h_factor": dilation, "dilation_w_factor": dilation}
    out = channels * multiplier
    shapes = ((batch, height, width, channels), (1, *filter, out), (batch, *places, out))
    return weighted_model(
        "DEPTHWISE_CONV_2D", KINDS[kind], draw, *shapes, channel_axis=3, **options, **more
    )


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_images_and_filters_of_many_shapes(shape: str, kind: str) -> None:
    check(*_case(kind, SHAPES[shape], fused_activation_function="RELU6"))


@pytest.mark.parametrize("weights", [-128, -77, 127])
@pytest.mark.parametrize(
    "shape", ["3 x 3", "strided", "dilated", "5 x 5", "70 channels", "20 filters of one channel"]
)
def test_weights_without_a_sign_lie_around_any_zero_point(shape: str, weights: int) -> None:
    check(*_case("uint8", SHAPES[shape], evolve(DRAW, zero_points=(-28, weights, 5))))


@pytest.mark.parametrize("kind", ["int8", "uint8"])
@pytest.mark.parametrize("shape", ["3 x 3", "strided", "70 channels"])
def test_processors_that_multiply_no_bytes_compute_the_same(
    shape: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, inputs = _case(kind, SHAPES[shape], evolve(DRAW, zero_points=(5, -77, 0)))
    expected, _ = run(model, inputs)
    monkeypatch.setattr(depthwise_conv_2d, "depthwise_bytes", lambda *given: None)
    found, _ = run(model, inputs)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_merged_pad_and_constants_per_channel() -> None:
    g = Builder()
    x = g.input((1, 8, 9, 18), "float32")
    pads = g.constant(np.array([[0, 0], [2, 1], [0, 3], [0, 0]], np.int32))
    padded = g.op("PAD", [x, pads], [g.tensor((1, 11, 12, 18), "float32")])
    w = g.constant(random_array("float32", (1, 3, 3, 18), 3, -1, 1))
    bias = g.constant(random_array("float32", (18,), 4, -1, 1))
    valid = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "depth_multiplier": 1}
    y = g.op("DEPTHWISE_CONV_2D", [padded, w, bias], [g.tensor((1, 5, 5, 18), "float32")], **valid)
    factor = g.constant(random_array("float32", (18,), 5, -2, 2))
    scaled = g.op("MUL", [y, factor], [g.tensor((1, 5, 5, 18), "float32")])
    shift = g.constant(random_array("float32", (18,), 6, -2, 2))
    z = g.op("ADD", [scaled, shift], [g.tensor((1, 5, 5, 18), "float32")], fused_activation_function="RELU")
    check(g.model([z]), [random_array("float32", (1, 8, 9, 18), 1, -1, 1)])


@pytest.mark.parametrize("channels", [18, 64])
def test_a_merged_pad_of_a_quantized_image_is_its_zero_point(channels: int) -> None:
    g = Builder()
    q = {"scale": 0.02, "zero_point": 7}
    x = g.input((1, 8, 9, channels), "int8", **q)
    pads = g.constant(np.array([[0, 0], [2, 1], [0, 3], [0, 0]], np.int32))
    padded = g.op("PAD", [x, pads], [g.tensor((1, 11, 12, channels), "int8", **q)])
    w = g.constant(random_array("int8", (1, 3, 3, channels), 3, -127), scale=0.01)
    bias = g.constant(random_array("int32", (channels,), 4, -500, 500), scale=0.0002)
    valid = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "depth_multiplier": 1}
    y = g.tensor((1, 5, 5, channels), "int8", scale=0.05, zero_point=-3)
    g.op("DEPTHWISE_CONV_2D", [padded, w, bias], [y], version=3, **valid)
    check(g.model([y]), [random_array("int8", (1, 8, 9, channels), 1)])
