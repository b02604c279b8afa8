"""DEPTHWISE_CONV_2D against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from delegraph.model import Builder
from delegraph.numbers import window
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import ACTIVATIONS, windows
from weighted import DRAWS, KINDS, Draw, convolved64, weighted_model

PLAIN = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
CHANNELS = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 3))


def _case(
    kind: str, draw: Draw, layout: dict[str, Any], sizes: tuple[int, ...], activation: str, **more: Any
) -> Any:
    """Return a model and its inputs; sizes: batch, channels, filters of a channel."""
    batch, channels, multiplier = sizes
    options = dict(layout)
    height, width, filter = options.pop("height"), options.pop("width"), options.pop("filter")
    places = [
        window(n, f, options[f"stride_{a}"], options[f"dilation_{a}_factor"], options["padding"]).output
        for a, n, f in zip("hw", (height, width), filter, strict=True)
    ]
    return weighted_model(
        "DEPTHWISE_CONV_2D",
        KINDS[kind],
        draw,
        (batch, height, width, channels),
        (1, *filter, channels * multiplier),
        (batch, *places, channels * multiplier),
        channel_axis=3,
        depth_multiplier=multiplier,
        fused_activation_function=activation,
        **options,
        **more,
    )


@pytest.mark.parametrize("kind", ["uint8", "int8"])
@settings(max_examples=80, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS)
def test_integers_are_bit_for_bit(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    check(*_case(kind, draw, layout, sizes, activation))


@settings(max_examples=30, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS)
def test_int4_filters_are_bit_for_bit(
    layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    check(*_case("int8 x int4", draw, layout, sizes, activation))


@pytest.mark.parametrize("kind", ["float32", "float32 x int8"])
@settings(max_examples=50, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS)
def test_floats_agree_with_litert(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    if KINDS[kind].weights == "int8":
        draw = attrs.evolve(draw, per_channel=True)
    check(*_case(kind, draw, layout, sizes, activation))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_float_sums_are_no_further_from_the_true_ones_than_litert_s(stride: int, multiplier: int) -> None:
    layout = {"height": 25, "width": 31, "filter": (3, 3), "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
    draw = Draw(8, False, True, 1.0, (0, 0, 0), 0.5)
    model, (x, filters, bias) = _case(
        "float32", draw, layout, (2, 24, multiplier), "RELU6", cancelling=True
    )
    op = model.subgraphs[0].ops[0]
    apart = np.zeros((3, 3, 24, 24 * multiplier))  # as a full convolution: zeros between the channels
    for channel in range(24 * multiplier):
        apart[:, :, channel // multiplier, channel] = filters[0, :, :, channel]
    check(model, [x, filters, bias], exact64=convolved64(x, apart, bias, op, op.outputs[0].shape))


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8", "float32 x int8"])
@pytest.mark.parametrize(
    ("image", "filter", "multiplier", "stride", "dilation"),
    [
        ((1, 40, 42, 32), (3, 3), 1, 1, 1),
        ((1, 37, 41, 24), (3, 3), 1, 2, 1),  # widths that are prime
        ((1, 33, 33, 96), (3, 3), 1, 1, 4),
        ((1, 49, 40, 1), (10, 8), 8, 2, 1),  # one channel, as in keyword spotting
        ((2, 14, 14, 200), (5, 5), 1, 1, 1),
        ((1, 7, 7, 1024), (7, 7), 1, 1, 1),
    ],
)
def test_layers_of_real_sizes(
    kind: str,
    image: tuple[int, ...],
    filter: tuple[int, int],
    multiplier: int,
    stride: int,
    dilation: int,
) -> None:
    batch, height, width, channels = image
    layout = {"height": height, "width": width, "filter": filter, "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": dilation, "dilation_w_factor": dilation, "padding": "SAME"}
    draw = Draw(5, True, False, 1.0, (5, -77, 0), 0.3)
    check(*_case(kind, draw, layout, (batch, channels, multiplier), "RELU"))


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_a_bias_may_be_left_out(kind: str) -> None:
    draw = Draw(5, True, False, 1.0, (5, 0, 0), 0.3)
    shapes = ((1, 6, 6, 4), (1, 2, 2, 4), (1, 5, 5, 4))
    options = {"channel_axis": 3, "has_bias": False, "depth_multiplier": 1}
    check(*weighted_model("DEPTHWISE_CONV_2D", KINDS[kind], draw, *shapes, **options, **PLAIN))


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("filter", "stride"), [((1, 1), 1), ((3, 3), 1), ((3, 3), 2)])
def test_the_input_may_be_a_view_of_something_wider(
    kind: str, padding: str, filter: tuple[int, int], stride: int
) -> None:
    layout = {"height": 9, "width": 8, "filter": filter, "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": padding}
    model, (x,) = _case(kind, Draw(5, True, False, 1.0, (5, 0, 0), 0.3), layout, (2, 6, 1), "NONE")
    wide = np.repeat(np.repeat(x, 2, axis=3), 2, axis=2)
    check(model, [wide[:, :, ::2, ::2]])


def test_an_empty_batch_gives_an_empty_output() -> None:
    g = Builder()
    x, w = g.input((0, 4, 4, 2), "float32"), g.constant(np.ones((1, 2, 2, 2), np.float32))
    b, y = g.constant(np.zeros(2, np.float32)), g.tensor((0, 3, 3, 2), "float32")
    g.op("DEPTHWISE_CONV_2D", [x, w, b], [y], depth_multiplier=1, **PLAIN)
    check(g.model(), [np.zeros((0, 4, 4, 2), np.float32)])


def test_zero_points_of_int8_filters_are_refused() -> None:
    """LiteRT reads them for uint8 alone, and computes as if they were 0."""
    g = Builder()
    x = g.input((1, 4, 4, 2), "int8", scale=0.1, zero_point=3)
    w = g.constant(random_array("int8", (1, 2, 2, 2), 1), scale=0.1, zero_point=7)
    b = g.constant(np.zeros(2, np.int32), scale=0.01, zero_point=0)
    y = g.tensor((1, 3, 3, 2), "int8", scale=2.0, zero_point=-9)
    g.op("DEPTHWISE_CONV_2D", [x, w, b], [y], depth_multiplier=1, **PLAIN)
    arrays = [random_array("int8", (1, 4, 4, 2), 2)]
    check(g.model(), arrays, expect_refusal="needs weights with zero point 0, found zero point 7")


@pytest.mark.parametrize(
    ("filters", "scales", "options", "expected"),
    [
        ((1, 2, 2, 3), 3, {}, "needs filters (1, height, width, out), out a multiple of the channels"),
        ((2, 2, 2, 2), 2, {}, "needs filters (1, height, width, out), out a multiple of the channels"),
        ((1, 2, 2, 2), 2, {"stride_w": 0}, "needs window sizes, strides and dilations of at least 1"),
        ((1, 2, 2, 2), 2, {"fused_activation_function": "SIGN_BIT"}, "needs a fused activation among"),
        ((1, 2, 2, 2), 1, {}, "needs a scale for each channel of the filters, found 1 scales, 2 channels"),
        ((1, 2, 2, 4), 4, {}, "needs the option depth_multiplier to be what the shapes say, found 1 for 2"),
    ],
)
def test_what_litert_cannot_run_is_refused_with_the_reason(
    filters: tuple[int, ...], scales: int, options: dict[str, Any], expected: str
) -> None:
    g = Builder()
    quantization = {"scale": [0.1] * scales, "zero_point": [0] * scales, "axis": 3}
    x, w = g.input((1, 4, 4, 2), "float32"), g.constant(np.ones(filters, np.int8), **quantization)
    b, y = g.constant(np.zeros(filters[3], np.float32)), g.tensor((1, 3, 3, filters[3]), "float32")
    g.op("DEPTHWISE_CONV_2D", [x, w, b], [y], **(PLAIN | {"depth_multiplier": 1} | options))
    check(g.model(), [np.zeros((1, 4, 4, 2), np.float32)], expect_refusal=expected)
