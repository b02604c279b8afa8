"""CONV_2D of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from delegraph import Builder
from delegraph_opencl.cpu import integers
from hypothesis import given, settings
from hypothesis import strategies as st
from int16_opencl import DRAW, SAME, STORED, check, convolution, without_doubles
from one_op import random_array
from strategies import ACTIVATIONS, windows
from weighted import DRAWS, Draw

KINDS = ["int16", "int16 with int32 bias", "int16 x int4", "int16 x int4 with int32 bias"]
LAYERS = [
    ((1, 40, 40, 3), (3, 3), 24, 1, 2),  # image, filter, filters, groups, stride
    ((1, 30, 33, 64), (1, 1), 96, 1, 1),
    ((2, 17, 19, 40), (5, 5), 16, 1, 1),
    ((1, 9, 9, 300), (3, 3), 8, 1, 1),
    ((1, 1, 1, 1000), (1, 1), 30, 1, 1),
    ((3, 32, 32, 1), (1, 1), 2, 1, 3),
    ((1, 12, 12, 30), (3, 3), 66, 3, 1),
    ((1, 11, 5, 7), (2, 3), 17, 1, 1),
]


def _layer(layer: Any, kind: str, activation: str = "RELU6", **more: Any) -> Any:
    (batch, height, width, channels), filter, filters, groups, stride = layer
    layout = SAME | {"height": height, "width": width, "filter": filter}
    layout |= {"stride_h": stride, "stride_w": stride}
    sizes = (batch, channels, filters, groups)
    return convolution("CONV_2D", kind, DRAW, layout, sizes, fused_activation_function=activation, **more)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(
    layout=windows(),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.integers(1, 4)),
    draw=DRAWS,
    activation=ACTIVATIONS,
)
def test_integers_are_bit_for_bit(
    kind: str, layout: dict[str, Any], sizes: tuple[int, ...], draw: Draw, activation: str
) -> None:
    batch, depth, filters, groups = sizes
    draw = attrs.evolve(draw, computed=False, spread=min(draw.spread, 20.0))
    sizes = (batch, depth * groups, filters * groups, groups)
    check(*convolution("CONV_2D", kind, draw, layout, sizes, fused_activation_function=activation))


@pytest.mark.parametrize("kind", KINDS[:2])
@pytest.mark.parametrize("layer", LAYERS)
def test_layers_of_real_sizes(layer: Any, kind: str) -> None:
    check(*_layer(layer, kind, "NONE"))


@pytest.mark.parametrize("form", ["PLAIN", "HALVES", None])
@pytest.mark.parametrize("layer", LAYERS[:4])
def test_processors_without_the_widest_instructions_compute_the_same(
    layer: Any, form: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integers, "instructions", lambda target: ((form, 1),) if form else ())
    check(*_layer(layer, "int16"))


@pytest.mark.parametrize("layer", LAYERS[:4])
def test_devices_without_doubles_compute_the_same(layer: Any) -> None:
    with without_doubles():
        check(*_layer(layer, "int16"))


def _extreme(bias: Any, out: float, depth: int = 1000, **options: Any) -> Any:
    """Return a product of the largest weights, where an input of the largest values overflows int32."""
    g = Builder()
    x = g.input((1, 2, 2, depth), "int16", scale=1.0, zero_point=0)
    filters = np.full((3, 1, 1, depth), 127, np.int8) * np.int8([1, -1, 1]).reshape(3, 1, 1, 1)
    filters[2, ..., ::3] = -5
    w = g.constant(filters.astype(np.int8), scale=1.0, zero_point=0)
    y = g.tensor((1, 2, 2, 3), "int16", scale=out, zero_point=0)
    g.op("CONV_2D", [x, w, g.constant(bias, scale=1.0, zero_point=0)], [y], version=8, **SAME, **options)
    values = np.where(random_array("int16", (1, 2, 2, depth), 3) > -30000, 32767, -32768)
    return g.model(), [values.astype(np.int16)]


def test_sums_beyond_int32_are_exact() -> None:
    check(*_extreme(np.zeros(3, np.int64), 2.0**17))


@pytest.mark.parametrize("bias", [2**31, -(2**36), 2**44])
def test_a_bias_far_larger_than_the_sums_is_exact(bias: int) -> None:
    check(*_extreme(np.full(3, bias, np.int64), abs(bias) / 20000, 4))


def test_sums_beyond_int32_wrap_where_the_bias_is_int32() -> None:
    check(*_extreme(np.int32([0, 2**31 - 1, -5]), 2.0**17, quantized_bias_type="INT32"))


@pytest.mark.parametrize("exponent", [-30, -17, -8, -1, 0, 3])
@pytest.mark.parametrize("bias", [np.int64, np.int32])
def test_ties_round_as_litert_s(exponent: int, bias: Any) -> None:
    g = Builder()
    x = g.input((1, 8, 8, 2), "int16", scale=1.0, zero_point=0)
    w = g.constant(random_array("int8", (3, 1, 1, 2), exponent + 40), scale=2.0**exponent, zero_point=0)
    y = g.tensor((1, 8, 8, 3), "int16", scale=1.0, zero_point=0)
    b = g.constant(np.zeros(3, bias), scale=2.0**exponent, zero_point=0)
    options = {"quantized_bias_type": "INT64" if bias is np.int64 else "INT32"}
    g.op("CONV_2D", [x, w, b], [y], version=8, **SAME, **options)
    check(g.model(), [random_array("int16", (1, 8, 8, 2), 1)])


def test_a_pad_before_it_is_part_of_it() -> None:
    g = Builder()
    x = g.input((1, 9, 9, 3), "int16", **STORED)
    paddings = g.constant(np.int32([[0, 0], [1, 2], [3, 0], [0, 0]]))
    padded = g.op("PAD", [x, paddings], [g.tensor((1, 12, 12, 3), "int16", **STORED)])
    w = g.constant(random_array("int8", (20, 3, 3, 3), 2), scale=0.01, zero_point=0)
    b = g.constant(np.arange(20, dtype=np.int64), scale=0.001, zero_point=0)
    y = g.tensor((1, 10, 10, 20), "int16", scale=0.2, zero_point=0)
    g.op("CONV_2D", [padded, w, b], [y], version=8, **SAME | {"padding": "VALID"})
    check(g.model(), [random_array("int16", (1, 9, 9, 3), 4)])
