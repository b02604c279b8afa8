"""CONV_2D of int16 against LiteRT."""

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
from weighted import DRAWS, KINDS, Draw, weighted_model

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
        quantized_bias_type=KINDS[kind].bias.upper(),
        **options,
        **more,
    )


KINDS_OF_16 = ["int16", "int16 with int32 bias", "int16 x int4", "int16 x int4 with int32 bias"]


@pytest.mark.parametrize("kind", KINDS_OF_16)
@settings(max_examples=80, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS)
def test_integers_are_bit_for_bit(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    check(*_case(kind, draw, layout, sizes, activation))


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias"])
@pytest.mark.parametrize(
    ("image", "filter", "filters", "stride"),
    [
        ((1, 40, 40, 3), (3, 3), 24, 2),  # the first layer of many networks
        ((1, 30, 33, 64), (1, 1), 96, 1),  # more positions than one block holds
        ((2, 17, 19, 40), (5, 5), 16, 1),
        ((1, 9, 9, 300), (3, 3), 8, 1),
        ((1, 1, 1, 1000), (1, 1), 30, 1),
        ((3, 64, 64, 1), (1, 1), 2, 3),
    ],
)
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_layers_of_real_sizes(
    kind: str, image: tuple[int, ...], filter: tuple[int, int], filters: int, stride: int, activation: str
) -> None:
    batch, height, width, depth = image
    layout = {"height": height, "width": width, "filter": filter, "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
    draw = Draw(5, True, False, 1.0, (0, 0, 0), 0.3)
    check(*_case(kind, draw, layout, (batch, depth, filters, 1), activation))


@pytest.mark.parametrize("version", [1, 3, 8])
def test_types_decide_whatever_the_version_says(version: int) -> None:
    layout = {"height": 4, "width": 4, "filter": (2, 2), "stride_h": 1, "stride_w": 1}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
    draw = Draw(7, True, False, 1.0, (0, 0, 0), 0.3)
    check(*_case("int16", draw, layout, (1, 2, 3, 1), "NONE", version=version))


def _model(
    bias: np.ndarray, scale: float, out: float, shape: tuple[int, ...], seed: int, **options: Any
) -> Any:
    g = Builder()
    x = g.input((1, 8, 8, shape[3]), "int16", scale=1.0, zero_point=0)
    filters = g.constant(random_array("int8", shape, seed), scale=scale, zero_point=0)
    y = g.tensor((1, 8, 8, shape[0]), "int16", scale=out, zero_point=0)
    b = g.constant(bias, scale=scale, zero_point=0)
    g.op("CONV_2D", [x, filters, b], [y], version=3, **PLAIN | options)
    return g.model(), [random_array("int16", (1, 8, 8, shape[3]), seed + 1)]


@pytest.mark.parametrize("bias", [2**31, -(2**36), 2**44])
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_a_bias_far_larger_than_the_sums_is_exact(bias: int, seed: int) -> None:
    """Up to 2**38 it goes with the folded multiplier; beyond, the multiplier is applied in integers."""
    values = np.full(5, bias, np.int64) + np.arange(5)
    check(*_model(values, 1.0, abs(bias) / 20000, (5, 1, 1, 4), seed))


@settings(max_examples=60, deadline=None)
@given(exponent=st.integers(-30, 8), odd=st.booleans(), seed=SEEDS)
def test_ties_of_scales_that_are_powers_of_two_round_as_litert_s(
    exponent: int, odd: bool, seed: int
) -> None:
    scale = 2.0**exponent * (3.0 if odd else 1.0)
    check(*_model(np.zeros(3, np.int64), scale, 1.0, (3, 1, 1, 2), seed))


@settings(max_examples=40, deadline=None)
@given(exponent=st.integers(-30, 8), seed=SEEDS)
def test_ties_with_an_int32_bias_round_as_litert_s(exponent: int, seed: int) -> None:
    bias = np.zeros(3, np.int32)
    check(*_model(bias, 2.0**exponent, 1.0, (3, 1, 1, 2), seed, quantized_bias_type="INT32"))


def test_sums_beyond_int32_wrap_where_the_bias_is_int32() -> None:
    g = Builder()
    x = g.input((1, 2, 2, 1000), "int16", scale=1.0, zero_point=0)
    filters = g.constant(np.full((2, 1, 1, 1000), 127, np.int8), scale=1.0, zero_point=0)
    bias = g.constant(np.int32([0, 2**31 - 1]), scale=1.0, zero_point=0)
    y = g.tensor((1, 2, 2, 2), "int16", scale=2.0**17, zero_point=0)
    g.op("CONV_2D", [x, filters, bias], [y], version=8, quantized_bias_type="INT32", **PLAIN)
    check(g.model(), [np.full((1, 2, 2, 1000), 32767, np.int16)])


def test_an_int32_bias_is_what_it_says_where_no_option_names_its_type() -> None:
    """LiteRT reads it as int64, and beyond its end: expected is what the option gives."""
    outputs = []
    for options in ({}, {"quantized_bias_type": "INT32"}):
        model, arrays = _model(np.int32([7, -5, 2]), 0.01, 0.5, (3, 1, 1, 2), 1, **options)
        op = model.subgraphs[0].ops[0]
        values = [*arrays, op.inputs[1].data, op.inputs[2].data]
        outputs.append(run_op(op, model.subgraphs[0], values)[0])
    np.testing.assert_array_equal(*outputs)


STORED = {"scale": 0.1, "zero_point": 0}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"x": {}}, "needs one scale on input and output"),
        ({"x": {"scale": 0.1, "zero_point": 3}}, "needs zero points of 0 on int16 tensors, found 3"),
        ({"y": {"scale": 0.1, "zero_point": -3}}, "needs zero points of 0 on int16 tensors, found -3"),
        ({"w": {"scale": 0.1, "zero_point": 3}}, "needs weights with zero point 0, found zero point 3"),
        ({"b": {"scale": 0.1, "zero_point": 3}}, "needs a bias with zero point 0, found zero point 3"),
        ({"option": "INT32"}, "needs a quantized_bias_type that is the bias's type, where it is given"),
        ({"y": {"scale": 1e-7, "zero_point": 0}}, "needs scales whose rescaling factor is below 2**14"),
    ],
)
def test_what_litert_refuses_is_refused_with_the_reason(change: dict[str, Any], expected: str) -> None:
    g = Builder()
    x = g.input((1, 4, 4, 2), "int16", **change.get("x", STORED))
    w = g.constant(np.ones((3, 2, 2, 2), np.int8), **change.get("w", STORED))
    b = g.constant(np.zeros(3, np.int64), **change.get("b", STORED))
    y = g.tensor((1, 3, 3, 3), "int16", **change.get("y", STORED))
    options = {"quantized_bias_type": change["option"]} if "option" in change else {}
    g.op("CONV_2D", [x, w, b], [y], **PLAIN, **options)
    check(g.model(), [np.zeros((1, 4, 4, 2), np.int16)], expect_refusal=expected)
