"""MUL of int16 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from elementwise import check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from int16s import many_pairs, stored
from one_op import random_array
from strategies import ACTIVATIONS, SEEDS, broadcast_pairs


@settings(max_examples=60, deadline=None)
@given(
    x=stored(1e-5, 1e-2),
    y=stored(1e-5, 1e-2),
    factor=st.floats(1e-6, 0.9),
    activation=ACTIVATIONS,
    seed=SEEDS,
)
def test_every_stored_value_is_bit_for_bit(
    x: Any, y: Any, factor: float, activation: str, seed: int
) -> None:
    z = {"scale": float(np.float32(x["scale"] * y["scale"] / factor)), "zero_point": 0}
    check_op("MUL", many_pairs(seed), "int16", x, y, z, fused_activation_function=activation)


@settings(max_examples=40, deadline=None)
@given(pair=broadcast_pairs(), seed=SEEDS)
def test_operands_are_broadcast(pair: Any, seed: int) -> None:
    stored = [{"scale": s, "zero_point": 0} for s in (1e-4, 2e-4, 5e-4)]
    check_op("MUL", [random_array("int16", s, seed + i) for i, s in enumerate(pair)], "int16", *stored)


@settings(max_examples=30, deadline=None)
@given(pair=broadcast_pairs(), seed=SEEDS)
def test_without_scales_products_wrap(pair: Any, seed: int) -> None:
    check_op("MUL", [random_array("int16", s, seed + i) for i, s in enumerate(pair)], "int16")


def test_a_factor_that_leaves_int32_is_refused() -> None:
    stored = [{"scale": s, "zero_point": 0} for s in (1.0, 1.0, 0.5)]
    why = "needs scales whose rescaling factor keeps a product within int32, found a factor of 2"
    check_op("MUL", [np.int16([1]), np.int16([2])], "int16", *stored, expect_refusal=why)
