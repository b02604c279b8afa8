"""FULLY_CONNECTED of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from delegraph import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from int16_opencl import DRAW, check, without_doubles
from one_op import random_array
from strategies import ACTIVATIONS
from weighted import DRAWS, KINDS, Draw, weighted_model

DENSE = {"weights_format": "DEFAULT", "keep_num_dims": False, "asymmetric_quantize_inputs": False}
ALL = [f"int16{w}{b}" for w in ("", " x int4", " x int2", " x int16") for b in ("", " with int32 bias")]


def _case(kind: str, draw: Draw, rows: int, depth: int, units: int, **more: Any) -> Any:
    options = DENSE | {"quantized_bias_type": KINDS[kind].bias.upper()} | more
    draw = attrs.evolve(draw, computed=False)
    return weighted_model(
        "FULLY_CONNECTED", KINDS[kind], draw, (rows, depth), (units, depth), (rows, units), **options
    )


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=8, deadline=None)
@given(
    rows=st.integers(1, 5),
    depth=st.integers(1, 40),
    units=st.integers(1, 40),
    draw=DRAWS,
    activation=ACTIVATIONS,
    has_bias=st.booleans(),
)
def test_integers_are_bit_for_bit(
    kind: str, rows: int, depth: int, units: int, draw: Draw, activation: str, has_bias: bool
) -> None:
    draw = attrs.evolve(draw, spread=min(draw.spread, 20.0))
    more = {"has_bias": has_bias, "fused_activation_function": activation}
    check(*_case(kind, draw, rows, depth, units, **more))


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias", "int16 x int16"])
def test_layers_of_real_sizes(kind: str) -> None:
    check(*_case(kind, DRAW, 7, 1280, 101, fused_activation_function="RELU"))


def _ties(exponent: int, bias: Any) -> Any:
    """Return products by a power of two, of which many lie halfway between two outputs."""
    stored = {"scale": 1.0, "zero_point": 0}
    g = Builder()
    x = g.input((64, 2), "int16", **stored)
    w = g.constant(random_array("int8", (17, 2), exponent + 50), scale=2.0**exponent, zero_point=0)
    b = g.constant(np.zeros(17, bias), scale=2.0**exponent, zero_point=0)
    options = {"version": 11, "quantized_bias_type": "INT64" if bias is np.int64 else "INT32"}
    g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((64, 17), "int16", **stored)], **options)
    return g.model(), [random_array("int16", (64, 2), 1)]


@pytest.mark.parametrize("exponent", [-40, -20, -9, -1, 0, 12, 20])
@pytest.mark.parametrize("bias", [np.int64, np.int32])
def test_ties_and_what_int32_does_not_hold_are_litert_s(exponent: int, bias: Any) -> None:
    check(*_ties(exponent, bias))


@pytest.mark.parametrize("exponent", [-40, -9, -1, 0, 20])
@pytest.mark.parametrize("bias", [np.int64, np.int32])
def test_devices_without_doubles_round_ties_the_same_way(exponent: int, bias: Any) -> None:
    with without_doubles():
        check(*_ties(exponent, bias))


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias", "int16 x int16"])
def test_devices_without_doubles_compute_the_same(kind: str) -> None:
    with without_doubles():
        check(*_case(kind, DRAW, 7, 1280, 101, fused_activation_function="NONE"))


def test_axes_stay_where_keep_num_dims_is_set() -> None:
    g = Builder()
    x = g.input((2, 3, 4), "int16", scale=0.01, zero_point=0)
    w = g.constant(random_array("int8", (5, 4), 1), scale=[0.01] * 5, zero_point=[0] * 5, axis=0)
    y = g.tensor((2, 3, 5), "int16", scale=0.02, zero_point=0)
    g.op("FULLY_CONNECTED", [x, w], [y], version=7, keep_num_dims=True)
    check(g.model(), [random_array("int16", (2, 3, 4), 2)])
