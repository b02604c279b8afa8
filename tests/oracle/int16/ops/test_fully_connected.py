"""FULLY_CONNECTED of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import ACTIVATIONS, SEEDS
from weighted import DRAWS, KINDS, Draw, weighted_model

BIASES = ("", " with int32 bias")
DENSE = {"weights_format": "DEFAULT", "keep_num_dims": False, "asymmetric_quantize_inputs": False}


def _case(kind: str, draw: Draw, rows: int, depth: int, units: int, **more: Any) -> Any:
    options = DENSE | {"quantized_bias_type": KINDS[kind].bias.upper()} | more
    return weighted_model(
        "FULLY_CONNECTED", KINDS[kind], draw, (rows, depth), (units, depth), (rows, units), **options
    )


@pytest.mark.parametrize("bias", BIASES)
@pytest.mark.parametrize("kind", ["int16", "int16 x int4", "int16 x int2", "int16 x int16"])
@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 5),
    depth=st.integers(1, 40),
    units=st.integers(1, 9),
    draw=DRAWS,
    activation=ACTIVATIONS,
    has_bias=st.booleans(),
)
def test_integers_are_bit_for_bit(
    kind: str, bias: str, rows: int, depth: int, units: int, draw: Draw, activation: str, has_bias: bool
) -> None:
    more = {"has_bias": has_bias, "fused_activation_function": activation}
    check(*_case(kind + bias, draw, rows, depth, units, **more))


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias", "int16 x int16"])
def test_layers_of_real_sizes(kind: str) -> None:
    draw = Draw(5, True, False, 1.0, (0, 0, 0), 0.3)
    check(*_case(kind, draw, 7, 1280, 101, fused_activation_function="RELU"))


@settings(max_examples=40, deadline=None)
@given(exponent=st.integers(-40, 20), wide=st.booleans(), seed=SEEDS)
def test_ties_and_what_int32_does_not_hold_are_litert_s(exponent: int, wide: bool, seed: int) -> None:
    bias = np.zeros(3, np.int64 if wide else np.int32)
    stored = {"scale": 1.0, "zero_point": 0}
    g = Builder()
    x = g.input((16, 2), "int16", **stored)
    w = g.constant(random_array("int8", (3, 2), seed), scale=2.0**exponent, zero_point=0)
    b = g.constant(bias, scale=2.0**exponent, zero_point=0)
    options = {"version": 11, "quantized_bias_type": "INT64" if wide else "INT32"}
    g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((16, 3), "int16", **stored)], **options)
    check(g.model(), [random_array("int16", (16, 2), seed + 1)])


@pytest.mark.parametrize("version", [1, 4, 14])
def test_types_decide_whatever_the_version_says(version: int) -> None:
    check(*_case("int16", Draw(7, True, False, 1.0, (0, 0, 0), 0.3), 2, 9, 4, version=version))


def test_axes_stay_where_keep_num_dims_is_set() -> None:
    g = Builder()
    x = g.input((2, 3, 4), "int16", scale=0.01, zero_point=0)
    w = g.constant(random_array("int8", (5, 4), 1), scale=[0.01] * 5, zero_point=[0] * 5, axis=0)
    y = g.tensor((2, 3, 5), "int16", scale=0.02, zero_point=0)
    g.op("FULLY_CONNECTED", [x, w], [y], version=7, keep_num_dims=True)
    check(g.model(), [random_array("int16", (2, 3, 4), 2)])
