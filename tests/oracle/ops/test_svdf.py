"""SVDF against LiteRT, state carried over several runs."""

from __future__ import annotations

from typing import Any

import pytest
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
from stateful import Maker, check_runs, several
from strategies import SEEDS
from strategies import scales as scales_between

RUNS = 6  # more than most memories are long
Sizes = tuple[int, int, int, int, int]  # batch, depth, units, rank, memory
SIZES = st.tuples(*[st.integers(1, n) for n in (3, 40, 20, 3, 12)])


def check_floats(
    sizes: Sizes,
    seed: int = 1,
    weights: str = "float32",
    has_bias: bool = True,
    computed: bool = False,
    **options: Any,
) -> None:
    batch, depth, units, rank, memory = sizes
    g = Builder()
    x = g.input((batch, depth), "float32")
    make = Maker(g, seed, weights, computed)
    made = [make.matrix((units * rank, depth)), make.matrix((units * rank, memory))]
    bias = make.floats((units,)) if has_bias else None
    state = g.variable((batch, units * rank * memory), "float32")
    g.op("SVDF", [x, *made, bias, state], [g.tensor((batch, units), "float32")], rank=rank, **options)
    model = g.model()
    check_runs(model, several(model, RUNS, seed, make.given))


def integer_model(
    sizes: Sizes,
    seed: int,
    scales: tuple[float, float, float],
    has_bias: bool = True,
    activation: str = "RELU",
) -> Model:
    """``scales``: of state, time weights and output."""
    batch, depth, units, rank, memory = sizes
    g = Builder()
    x = g.input((batch, depth), "int8", scale=0.03, zero_point=-9)
    make = Maker(g, seed)
    features = make.integers("int8", (units * rank, depth), 127, 0.01)
    time = make.integers("int16", (units * rank, memory), 32767, scales[1])
    bias = make.integers("int32", (units,), 30000, scales[0] * scales[1]) if has_bias else None
    state = g.variable((batch, units * rank * memory), "int16", scale=scales[0], zero_point=0)
    y = g.tensor((batch, units), "int8", scale=scales[2], zero_point=4)
    options = {"rank": rank, "fused_activation_function": activation}
    g.op("SVDF", [x, features, time, bias, state], [y], version=3, **options)
    return g.model()


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"])
def test_each_activation(weights: str, activation: str) -> None:
    check_floats((2, 5, 3, 2, 4), weights=weights, fused_activation_function=activation)


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@settings(max_examples=30, deadline=None)
@given(sizes=SIZES, seed=SEEDS, has_bias=st.booleans(), computed=st.booleans(), asymmetric=st.booleans())
def test_floats_agree_with_litert(
    weights: str, sizes: Sizes, seed: int, has_bias: bool, computed: bool, asymmetric: bool
) -> None:
    check_floats(sizes, seed, weights, has_bias, computed, asymmetric_quantize_inputs=asymmetric)


@settings(max_examples=80, deadline=None)
@given(
    sizes=SIZES,
    seed=SEEDS,
    has_bias=st.booleans(),
    scales=st.tuples(scales_between(1e-5, 0.003), scales_between(1e-6, 1e-4), scales_between(0.001, 1.0)),
)
def test_integers_are_bit_for_bit(
    sizes: Sizes, seed: int, has_bias: bool, scales: tuple[float, float, float]
) -> None:
    model = integer_model(sizes, seed, scales, has_bias)
    check_runs(model, several(model, RUNS, seed))


@pytest.mark.parametrize("state", [0.0011541, 0.0011624, 0.0011907])
def test_factors_are_those_of_float32(state: float) -> None:
    """In double precision a feature in a thousand is one off."""
    model = integer_model((30, 60, 100, 2, 2), 1, (state, 1e-5, 0.01))
    check_runs(model, several(model, RUNS, 1))


def test_sums_beyond_32_bits_wrap_around() -> None:
    model = integer_model((1, 8, 2, 1, 100), 1, (1e-5, 1e-4, 0.5))
    check_runs(model, several(model, 30, 1))


def test_another_activation_in_integers_is_refused() -> None:
    model = integer_model((2, 5, 3, 2, 4), 1, (0.003, 1e-4, 0.05), activation="NONE")
    check(model, several(model, 1, 1)[0], expect_refusal="needs the fused activation RELU")
