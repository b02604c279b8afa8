"""DEPTHWISE_CONV_2D of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from int16_opencl import DRAW, SAME, check, convolution, without_doubles
from strategies import ACTIVATIONS, windows
from weighted import DRAWS, Draw

LAYERS = [
    ((1, 29, 31, 40), (3, 3), 1, 1),  # image, filter, filters of a channel, stride
    ((2, 29, 31, 24), (3, 3), 1, 2),
    ((1, 14, 3, 16), (5, 5), 1, 1),
    ((1, 15, 15, 8), (3, 3), 1, 2),
    ((1, 9, 9, 3), (3, 3), 8, 1),
    ((1, 9, 9, 1), (3, 3), 16, 2),
    ((1, 5, 200, 2), (1, 150), 1, 1),
]


def _layer(layer: Any, activation: str) -> Any:
    (batch, height, width, channels), filter, multiplier, stride = layer
    layout = SAME | {"height": height, "width": width, "filter": filter}
    layout |= {"stride_h": stride, "stride_w": stride}
    sizes = (batch, channels, channels * multiplier, channels)
    options = {"fused_activation_function": activation}
    return convolution("DEPTHWISE_CONV_2D", "int16", DRAW, layout, sizes, **options)


@settings(max_examples=20, deadline=None)
@given(
    layout=windows(),
    sizes=st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 3, 7, 8, 11, 16, 19]), st.integers(1, 3)),
    draw=DRAWS,
    activation=ACTIVATIONS,
    has_bias=st.booleans(),
)
def test_integers_are_bit_for_bit(
    layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str, has_bias: bool
) -> None:
    batch, channels, multiplier = sizes
    draw = attrs.evolve(draw, computed=False, spread=min(draw.spread, 20.0))
    sizes = (batch, channels, channels * multiplier, channels)
    options = {"fused_activation_function": activation, "has_bias": has_bias}
    check(*convolution("DEPTHWISE_CONV_2D", "int16", draw, layout, sizes, **options))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("activation", ["NONE", "RELU6"])
def test_layers_of_real_sizes(layer: Any, activation: str) -> None:
    check(*_layer(layer, activation))


@pytest.mark.parametrize("layer", LAYERS[:4])
def test_devices_without_doubles_compute_the_same(layer: Any) -> None:
    with without_doubles():
        check(*_layer(layer, "RELU6"))
