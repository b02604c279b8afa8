"""LSTM against LiteRT: one step of the FULL kernel, and the BASIC one."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from stateful import (
    Cell,
    Maker,
    check_runs,
    integer8_lstm_model,
    integer_lstm_model,
    lstm_model,
    several,
)
from strategies import SEEDS

FEATURES: list[dict[str, Any]] = [
    {},
    {"coupled": True},
    {"peepholes": True},
    {"norms": True},
    {"norms": True, "peepholes": True, "coupled": True, "outputs": 3},
    {"outputs": 2},
    {"outputs": 6, "projection_bias": True, "proj_clip": 0.3},
    {"cell_clip": 0.2},
    {"activation": "RELU"},
    {"computed": True, "peepholes": True, "outputs": 3},
]


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_each_feature_of_a_full_cell(weights: str, asymmetric: bool, features: dict[str, Any]) -> None:
    cell = Cell(weights=weights, asymmetric=asymmetric, batch=3, **features)
    model, given_weights = lstm_model("LSTM", cell)
    check_runs(model, several(model, 4, 1, given_weights))


@settings(max_examples=80, deadline=None)
@given(
    cell=st.builds(
        Cell,
        depth=st.integers(1, 30),
        cells=st.integers(1, 30),
        batch=st.integers(1, 4),
        coupled=st.booleans(),
        peepholes=st.booleans(),
        norms=st.booleans(),
        cell_clip=st.sampled_from([0.0, 0.0, 0.7]),
        seed=SEEDS,
    ),
    fewer=st.none() | st.integers(0, 10),
)
def test_integer_cells_are_bit_for_bit(cell: Cell, fewer: int | None) -> None:
    outputs = None if fewer is None else max(cell.cells - fewer, 1)
    model = integer_lstm_model("LSTM", attrs.evolve(cell, outputs=outputs))
    check_runs(model, several(model, 3, cell.seed))


@settings(max_examples=60, deadline=None)
@given(
    cell=st.builds(
        Cell,
        depth=st.integers(1, 30),
        cells=st.integers(8, 40),  # the variance of a few equal values is nothing but rounding errors
        outputs=st.integers(1, 30),
        batch=st.integers(1, 4),
        coupled=st.booleans(),
        cell_clip=st.sampled_from([0.0, 0.0, 0.3, 2.0]),
        proj_clip=st.sampled_from([0.0, 0.0, 0.2]),
        seed=SEEDS,
    ),
    points=st.just((0,) * 12) | st.tuples(*[st.integers(-30, 30)] * 12),
)
def test_integer_cells_with_products_of_8_bits_are_as_exact_as_tanhf(
    cell: Cell, points: tuple[int, ...]
) -> None:
    # Of 65536 arguments, the last bit of glibc 2.36's tanhf moves 12 or 48 to the next of 16 bits.
    model = integer8_lstm_model(cell, points)
    check_runs(model, several(model, 3, cell.seed), steps=1)


def basic_model(
    sizes: tuple[int, int, int],
    is_variable: bool,
    seed: int,
    scale: float | None = None,
    zero_point: int = 128,
) -> Model:
    """Return a model of the BASIC kernel, in uint8 if there is a scale for the weights, else in float32."""
    batch, depth, cells = sizes
    g = Builder()
    quantized = scale is not None
    eight: dict[str, Any] = {"scale": 1 / 128, "zero_point": 128} if quantized else {}
    sixteen: dict[str, Any] = {"scale": 2.0**-11, "zero_point": 0} if quantized else {}
    small, wide = ("uint8", "int16") if quantized else ("float32", "float32")
    x = g.input((batch, depth), small, **eight)
    state = g.variable if is_variable else g.input
    activation, memory = state((batch, cells), small, **eight), state((batch, cells), wide, **sixteen)
    shape = (4 * cells, depth + cells)
    if scale is not None:
        weights = g.constant(random_array("uint8", shape, seed), scale=scale, zero_point=zero_point)
        bias = random_array("int32", shape[:1], seed + 1, -9000, 9000)
        made = [weights, g.constant(bias, scale=scale / 128, zero_point=0)]
    else:
        make = Maker(g, seed)
        made = [make.floats(shape), make.floats(shape[:1])]
    outputs = [
        g.tensor((batch, cells), small, **eight),
        g.tensor((batch, cells), wide, **sixteen),
        g.tensor((batch, depth + cells), small, **eight),
        g.tensor((batch, 4 * cells), wide, **({"scale": 2.0**-12, "zero_point": 0} if quantized else {})),
    ]
    g.op("LSTM", [x, activation, *made, memory], outputs, kernel_type="BASIC", version=2)
    return g.model(outputs=outputs)


SIZES = st.tuples(st.integers(1, 4), st.integers(1, 30), st.integers(1, 30))


@pytest.mark.parametrize("is_variable", [False, True])
@settings(max_examples=30, deadline=None)
@given(
    sizes=SIZES.map(lambda sizes: (*sizes[:2], sizes[2] + 5)), seed=SEEDS
)  # one value may all but vanish
def test_a_basic_cell_in_float(is_variable: bool, sizes: tuple[int, int, int], seed: int) -> None:
    model = basic_model(sizes, is_variable, seed)
    check_runs(model, several(model, 3, seed))


@pytest.mark.parametrize("is_variable", [False, True])
@settings(max_examples=80, deadline=None)
@given(
    sizes=SIZES,
    seed=SEEDS,
    scale=st.sampled_from([1e-4, 0.004, 0.02, 0.3, 10.0]),
    zero_point=st.sampled_from([0, 3, 128, 255]),
)
def test_a_basic_cell_in_integers_is_bit_for_bit(
    is_variable: bool, sizes: tuple[int, int, int], seed: int, scale: float, zero_point: int
) -> None:
    model = basic_model(sizes, is_variable, seed, scale, zero_point)
    check_runs(model, several(model, 3, seed))


def test_a_matrix_product_of_the_basic_cell_rounds_halves_upward() -> None:
    model = basic_model((50, 30, 60), False, 1, 0.004, 130)
    check_runs(model, several(model, 2, 1))


def test_a_sequence_is_refused() -> None:
    g = Builder()
    shapes: list[Any] = [*[(4, 3)] * 4, *[(4, 4)] * 4, *[None] * 3, *[(4,)] * 4, None, None]
    weights = [None if s is None else g.constant(random_array("float32", s, 1)) for s in shapes]
    states = [g.variable((2, 4), "float32") for _ in range(2)]
    x = g.input((2, 3, 3), "float32")
    g.op("LSTM", [x, *weights, *states], [g.tensor((2, 4), "float32")], fused_activation_function="TANH")
    check(g.model(), [random_array("float32", (2, 3, 3), 1)], expect_refusal="needs an input of rank 2")
