"""DEPTHWISE_CONV_2D of int16 against LiteRT."""

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


@settings(max_examples=100, deadline=None)
@given(layout=windows(), sizes=CHANNELS, draw=DRAWS, activation=ACTIVATIONS, has_bias=st.booleans())
def test_integers_are_bit_for_bit(
    layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    check(*_case("int16", draw, layout, sizes, activation, has_bias=has_bias))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("sizes", [(2, 40, 1), (1, 1, 16), (1, 3, 8)])
def test_layers_of_real_sizes(stride: int, sizes: tuple[int, ...]) -> None:
    layout = {"height": 29, "width": 31, "filter": (3, 3), "stride_h": stride, "stride_w": stride}
    layout |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
    check(*_case("int16", Draw(5, True, False, 1.0, (0, 0, 0), 0.3), layout, sizes, "RELU6"))


@pytest.mark.parametrize(
    ("low", "high"), [(0, 32767), (-32768, 0), (-32768, 32767), (20000, 32767), (-5, -5)]
)
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, spread=st.sampled_from([40, 100, 127]))
def test_values_of_half_the_range_are_bit_for_bit(
    low: int, high: int, padding: str, seed: int, spread: int
) -> None:
    """float32 takes those that are near each other, float64 the others: sums are near 2**24 here."""
    g = Builder()
    x = g.input((1, 9, 8, 6), "int16", scale=0.01, zero_point=0)
    w = g.constant(random_array("int8", (1, 3, 3, 6), seed, -spread, spread), scale=0.02, zero_point=0)
    b = g.constant(random_array("int64", (6,), seed + 1, -(2**28), 2**28), scale=0.0002, zero_point=0)
    size = (1, 9, 8, 6) if padding == "SAME" else (1, 7, 6, 6)
    y = g.tensor(size, "int16", scale=0.1, zero_point=0)
    options = PLAIN | {"padding": padding, "depth_multiplier": 1}
    g.op("DEPTHWISE_CONV_2D", [x, w, b], [y], **options)
    check(g.model(), [random_array("int16", (1, 9, 8, 6), seed + 2, low, high)])


def test_int4_filters_are_what_they_say() -> None:
    """LiteRT does not unpack them here: expected is what the same filters give as int8."""
    filters, x = random_array("int4", (1, 2, 2, 3), 1), random_array("int16", (1, 5, 5, 3), 2)
    outputs = []
    for dtype in ("int4", "int8"):
        g = Builder()
        image = g.input((1, 5, 5, 3), "int16", scale=0.1, zero_point=0)
        w = g.constant(filters, dtype, scale=0.1, zero_point=0)
        y = g.tensor((1, 4, 4, 3), "int16", scale=0.05, zero_point=0)
        g.op("DEPTHWISE_CONV_2D", [image, w], [y], depth_multiplier=1, **PLAIN)
        graph = g.model().subgraphs[0]
        outputs.append(run_op(graph.ops[0], graph, [x, filters])[0])
    np.testing.assert_array_equal(*outputs)


def test_an_int32_bias_is_refused_as_litert_does() -> None:
    g = Builder()
    stored = {"scale": 0.1, "zero_point": 0}
    x, w = g.input((1, 4, 4, 2), "int16", **stored), g.constant(np.ones((1, 2, 2, 2), np.int8), **stored)
    y = g.tensor((1, 3, 3, 2), "int16", **stored)
    g.op("DEPTHWISE_CONV_2D", [x, w, g.constant(np.zeros(2, np.int32), **stored)], [y], **PLAIN)
    arrays = [np.zeros((1, 4, 4, 2), np.int16)]
    assert check(g.model(), arrays) is None
    check(g.model(), arrays, expect_refusal="int16 int8|int4 int64? -> int16")
