"""DEPTHWISE_CONV_2D on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, window
from one_op import random_array
from one_op_opencl import check
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
    "smaller than the window": ((1, 2, 3, 16), (5, 5), 1, 1, 1, "SAME"),
    "several filters of a channel": ((2, 9, 8, 5), (3, 3), 3, 2, 1, "SAME"),
    "20 filters of one channel": ((1, 19, 12, 1), (8, 5), 20, 2, 1, "SAME"),
    "a long window": ((1, 60, 4, 8), (49, 1), 1, 1, 1, "SAME"),
}


def _case(kind: str, shape: tuple[Any, ...], **more: Any) -> Any:
    (batch, height, width, channels), filter, multiplier, stride, dilation, padding = shape
    places = [
        window(n, f, stride, dilation, padding).output for n, f in zip((height, width), filter, strict=True)
    ]
    options = {"stride_h": stride, "stride_w": stride, "padding": padding, "depth_multiplier": multiplier}
    options |= {"dilation_h_factor": dilation, "dilation_w_factor": dilation}
    out = channels * multiplier
    shapes = ((batch, height, width, channels), (1, *filter, out), (batch, *places, out))
    return weighted_model(
        "DEPTHWISE_CONV_2D", KINDS[kind], DRAW, *shapes, channel_axis=3, **options, **more
    )


@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_images_and_filters_of_many_shapes(shape: str, kind: str) -> None:
    check(*_case(kind, SHAPES[shape], fused_activation_function="RELU6"))


def test_8_bit_filters_of_float_images_are_dequantized() -> None:
    check(*_case("float32 x int8", SHAPES["3 x 3"]))


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
