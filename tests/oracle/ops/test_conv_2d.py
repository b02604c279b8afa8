"""CONV_2D against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from delegraph.numbers import window
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array, run_op
from strategies import ACTIVATIONS, SEEDS, windows
from weighted import DRAWS, KINDS, Draw, convolved64, weighted_model

PLAIN = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
CHANNELS = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.integers(1, 4))


def _case(
    kind: str, draw: Draw, layout: dict[str, Any], sizes: tuple[int, ...], activation: str, **more: Any
) -> Any:
    """Return a model and its inputs; sizes: batch, channels and filters of a group, groups."""
    batch, depth, filters, groups = sizes
    options = dict(layout)
    height, width, filter = options.pop("height"), options.pop("width"), options.pop("filter")
    places = [
        window(n, f, options[f"stride_{a}"], options[f"dilation_{a}_factor"], options["padding"]).output
        for a, n, f in zip("hw", (height, width), filter, strict=True)
    ]
    return weighted_model(
        "CONV_2D",
        KINDS[kind],
        draw,
        (batch, height, width, depth * groups),
        (filters * groups, *filter, depth),
        (batch, *places, filters * groups),
        fused_activation_function=activation,
        **options,
        **more,
    )


@pytest.mark.parametrize("activation", ["NONE", "RELU"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("filter", "stride"), [((1, 1), 1), ((3, 3), 2), ((2, 5), 1)])
def test_float_sums_are_no_further_from_the_true_ones_than_litert_s(
    filter: tuple[int, int], stride: int, padding: str, activation: str
) -> None:
    layout = {"height": 21, "width": 23, "filter": filter, "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": padding}
    draw = Draw(8, False, True, 1.0, (0, 0, 0), 0.5)
    model, (x, filters, bias) = _case("float32", draw, layout, (2, 17, 24, 1), activation, cancelling=True)
    op = model.subgraphs[0].ops[0]
    exact = convolved64(x, filters.transpose(1, 2, 3, 0), bias, op, op.outputs[0].shape)
    check(model, [x, filters, bias], exact64=exact)


@pytest.mark.parametrize("kind", ["uint8", "int8", "int8 x int4"])
@settings(max_examples=80, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS)
def test_integers_are_bit_for_bit(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    check(*_case(kind, draw, layout, sizes, activation))


@pytest.mark.parametrize("kind", ["float32", "float32 x int8", "float32 x uint8", "float32 x int4"])
@settings(max_examples=40, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS)
def test_floats_agree_with_litert_in_groups_and_with_integer_filters(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    check(*_case(kind, draw, layout, sizes, activation))


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8"])
@pytest.mark.parametrize(
    ("image", "filter", "filters", "stride"),
    [
        ((1, 40, 40, 3), (3, 3), 24, 2),  # the first layer of many networks
        ((1, 30, 33, 64), (1, 1), 96, 1),  # more positions than one block holds
        ((2, 17, 19, 40), (5, 5), 16, 1),
        ((1, 9, 9, 300), (3, 3), 8, 1),  # sums that float32 does not hold
        ((1, 1, 1, 1000), (1, 1), 30, 1),
        ((3, 64, 64, 1), (1, 1), 2, 3),
    ],
)
def test_layers_of_real_sizes(
    kind: str, image: tuple[int, ...], filter: tuple[int, int], filters: int, stride: int
) -> None:
    batch, height, width, depth = image
    layout = {"height": height, "width": width, "filter": filter, "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
    draw = Draw(5, True, False, 1.0, (5, -77, 0), 0.3)
    check(*_case(kind, draw, layout, (batch, depth, filters, 1), "RELU6"))


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("filter", "stride"), [((1, 1), 1), ((3, 3), 1), ((3, 3), 2)])
def test_the_input_may_be_a_view_of_something_wider(
    kind: str, padding: str, filter: tuple[int, int], stride: int
) -> None:
    layout = {"height": 9, "width": 8, "filter": filter, "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": padding}
    model, (x,) = _case(kind, Draw(5, True, False, 1.0, (5, 0, 0), 0.3), layout, (2, 3, 5, 2), "NONE")
    wide = np.repeat(np.repeat(x, 2, axis=3), 2, axis=2)
    check(model, [wide[:, :, ::2, ::2]])


def test_an_empty_batch_gives_an_empty_output() -> None:
    g = Builder()
    x, w = g.input((0, 4, 4, 2), "float32"), g.constant(np.ones((3, 2, 2, 2), np.float32))
    y = g.tensor((0, 3, 3, 3), "float32")
    g.op("CONV_2D", [x, w, g.constant(np.zeros(3, np.float32))], [y], **PLAIN)
    check(g.model(), [np.zeros((0, 4, 4, 2), np.float32)])


@pytest.mark.parametrize("bias", [2**22, 2**27, -(2**29)])
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_bias_far_larger_than_the_sums_is_exact(bias: int, seed: int) -> None:
    """It is added before the scaling then; the output lies in the middle of its range."""
    g = Builder()
    x = g.input((1, 8, 8, 4), "int8", scale=0.1, zero_point=3)
    w = g.constant(random_array("int8", (5, 1, 1, 4), seed), scale=0.02, zero_point=0)
    b = g.constant(np.full(5, bias, np.int32) + np.arange(5, dtype=np.int32), scale=0.002, zero_point=0)
    y = g.tensor((1, 8, 8, 5), "int8", scale=abs(bias) * 0.002 / 100, zero_point=-100 if bias > 0 else 90)
    g.op("CONV_2D", [x, w, b], [y], version=3, **PLAIN)
    check(g.model(), [random_array("int8", (1, 8, 8, 4), seed + 1)])


@settings(max_examples=40, deadline=None)
@given(
    exponent=st.integers(-26, 8), odd=st.booleans(), zero_point=st.sampled_from([-128, 0, 127]), seed=SEEDS
)
def test_ties_of_scales_that_are_powers_of_two_round_as_litert_s(
    exponent: int, odd: bool, zero_point: int, seed: int
) -> None:
    scale = 2.0**exponent * (3.0 if odd else 1.0)
    g = Builder()
    x = g.input((1, 16, 16, 2), "int8", scale=1.0, zero_point=0)
    w = g.constant(np.int8([[[[1, 127]]], [[[-1, 0]]], [[[127, 127]]]]), scale=scale, zero_point=0)
    b = g.constant(np.zeros(3, np.int32), scale=scale, zero_point=0)
    y = g.tensor((1, 16, 16, 3), "int8", scale=1.0, zero_point=zero_point)
    g.op("CONV_2D", [x, w, b], [y], version=3, **PLAIN)
    check(g.model(), [random_array("int8", (1, 16, 16, 2), seed)])


def test_half_precision_filters_are_what_they_say() -> None:
    """LiteRT runs them, but reads beyond their end: expected is what the same filters give in float32."""
    filters = random_array("float16", (3, 2, 2, 2), 1, -1, 1)
    arrays = [random_array("float32", (1, 5, 5, 2), 2)]
    outputs = []
    for values in (filters, filters.astype(np.float32)):
        g = Builder()
        x, b = g.input((1, 5, 5, 2), "float32"), g.constant(np.float32([1, -2, 3]))
        g.op("CONV_2D", [x, g.constant(values), b], [g.tensor((1, 4, 4, 3), "float32")], **PLAIN)
        graph = g.model().subgraphs[0]
        op = graph.ops[0]
        outputs.append(run_op(op, graph, [arrays[0], values, b.data])[0])
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"fused_activation_function": "TANH"}, "needs a fused activation among"),
        ({"stride_h": 0}, "needs window sizes, strides and dilations of at least 1, found stride_h = 0"),
        ({"filters": (4, 2, 2, 3)}, "needs channels in whole groups"),
        ({"image": (1, 0, 4, 2)}, "needs an image, channels and a filter that are not empty"),
        ({"bias": None}, "needs float32"),
    ],
)
def test_what_litert_refuses_is_refused_with_the_reason(change: dict[str, Any], expected: str) -> None:
    options = PLAIN | {k: v for k, v in change.items() if k not in ("filters", "image", "bias")}
    shape, image = change.get("filters", (4, 2, 2, 2)), change.get("image", (1, 4, 4, 2))
    g = Builder()
    x, w = g.input(image, "float32"), g.constant(np.ones(shape, np.float32))
    b = None if "bias" in change else g.constant(np.zeros(4, np.float32))
    g.op("CONV_2D", [x, w, b], [g.tensor((1, 3, 3, 4), "float32")], **options)
    check(g.model(), [np.zeros(image, np.float32)], expect_refusal=expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"x": {}}, "needs one scale on input and output"),
        ({"y": {}}, "needs one scale on input and output"),
        ({"w": {"scale": 0.1, "zero_point": 3}}, "needs weights with zero point 0, found zero point 3"),
        (
            {"w": {"scale": [0.1] * 2, "zero_point": [0] * 2}},
            "needs one scale for the weights, or one for each",
        ),
        ({"b": {"scale": 0.1, "zero_point": 3}}, "needs a bias with zero point 0, found zero point 3"),
    ],
)
def test_quantization_that_litert_refuses_is_refused(change: dict[str, Any], expected: str) -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    g = Builder()
    x = g.input((1, 4, 4, 2), "int8", **change.get("x", stored))
    w = g.constant(np.ones((3, 2, 2, 2), np.int8), **change.get("w", stored))
    b = g.constant(np.zeros(3, np.int32), **change.get("b", stored))
    g.op("CONV_2D", [x, w, b], [g.tensor((1, 3, 3, 3), "int8", **change.get("y", stored))], **PLAIN)
    arrays = [np.zeros((1, 4, 4, 2), np.int8)]
    check(g.model(), arrays, expect_refusal=expected)


def test_uint8_with_a_bias_scale_of_its_own_is_refused() -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    g = Builder()
    x, w = g.input((1, 2, 2, 1), "uint8", **stored), g.constant(np.ones((1, 1, 1, 1), np.uint8), **stored)
    b, y = (
        g.constant(np.zeros(1, np.int32), scale=0.02, zero_point=0),
        g.tensor((1, 2, 2, 1), "uint8", **stored),
    )
    g.op("CONV_2D", [x, w, b], [y], **PLAIN)
    arrays = [np.zeros((1, 2, 2, 1), np.uint8)]
    assert check(g.model(), arrays) is None  # LiteRT refuses it as well
    check(g.model(), arrays, expect_refusal="needs a bias scale within 0.02 output steps")


def test_uint8_filters_with_a_scale_each_are_refused() -> None:
    g = Builder()
    x = g.input((1, 2, 2, 1), "float32")
    w = g.constant(np.full((2, 1, 1, 1), 9, np.uint8), scale=[0.1, 0.2], zero_point=[0, 0])
    g.op(
        "CONV_2D", [x, w, g.constant(np.zeros(2, np.float32))], [g.tensor((1, 2, 2, 2), "float32")], **PLAIN
    )
    arrays = [np.ones((1, 2, 2, 1), np.float32)]
    check(g.model(), arrays, expect_refusal="needs one scale for uint8 filters, found 2 scales")


@pytest.mark.parametrize("dilation", [1 << 16, 2**31 - 1])
def test_a_dilation_out_of_proportion_is_refused(dilation: int) -> None:
    g = Builder()
    x, w = g.input((1, 4, 4, 1), "float32"), g.constant(np.ones((1, 2, 2, 1), np.float32))
    out = g.tensor((1, 4, 4, 1), "float32")
    options = PLAIN | {"padding": "SAME", "dilation_h_factor": dilation, "dilation_w_factor": dilation}
    g.op("CONV_2D", [x, w, g.constant(np.zeros(1, np.float32))], [out], **options)
    arrays = [np.ones((1, 4, 4, 1), np.float32)]
    check(g.model(), arrays, expect_refusal="needs dilations whose padding makes an image at most 64 times")
