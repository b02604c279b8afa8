"""UNIDIRECTIONAL_SEQUENCE_LSTM against LiteRT, state carried over several runs."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
import pytest
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
from stateful import Cell, check_runs, integer_lstm_model, lstm_model, several
from strategies import SEEDS

OP = "UNIDIRECTIONAL_SEQUENCE_LSTM"
FEATURES: list[dict[str, Any]] = [
    {},
    {"coupled": True},
    {"peepholes": True},
    {"peepholes": True, "coupled": True},
    {"norms": True},
    {"norms": True, "peepholes": True, "coupled": True},
    {"outputs": 2},
    {"outputs": 6, "projection_bias": True, "proj_clip": 0.3},
    {"cell_clip": 0.2},
    {"time_major": True, "batch": 3},
    {"time_major": True, "norms": True, "peepholes": True, "outputs": 3},
    {"computed": True, "peepholes": True, "norms": True, "outputs": 3},
]
CELLS = st.builds(
    Cell,
    depth=st.integers(1, 20),
    cells=st.integers(4, 20),
    outputs=st.none() | st.integers(4, 20),
    batch=st.integers(1, 3),
    steps=st.integers(1, 5),
    coupled=st.booleans(),
    peepholes=st.booleans(),
    norms=st.booleans(),
    time_major=st.booleans(),
    activation=st.sampled_from(["TANH", "TANH", "RELU6", "RELU_N1_TO_1"]),
    cell_clip=st.sampled_from([0.0, 0.0, 0.5]),
    proj_clip=st.sampled_from([0.0, 0.0, 0.5]),
    asymmetric=st.booleans(),
    computed=st.booleans(),
    seed=SEEDS,
)


def check_cell(cell: Cell) -> None:
    model, weights = lstm_model(OP, cell)
    check_runs(model, several(model, 3, cell.seed, weights))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_each_feature_of_a_cell(weights: str, features: dict[str, Any]) -> None:
    check_cell(Cell(weights=weights, **features))


@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("activation", ["RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"])
def test_each_activation(weights: str, activation: str) -> None:
    check_cell(Cell(weights=weights, activation=activation))


@pytest.mark.parametrize("weights", ["int8", "uint8"])
@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_integer_weights_with_asymmetric_inputs(weights: str, features: dict[str, Any]) -> None:
    check_cell(Cell(weights=weights, asymmetric=True, **features))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("diagonal", [(True,) * 4, (True, False, True, False)])
@pytest.mark.parametrize("coupled", [False, True])
def test_recurrent_weights_may_be_diagonal(weights: str, diagonal: tuple[bool, ...], coupled: bool) -> None:
    check_cell(Cell(weights=weights, diagonal=(*diagonal[:3], True), coupled=coupled))


@settings(max_examples=60, deadline=None)
@given(cell=CELLS)
def test_float_cells_agree_with_litert(cell: Cell) -> None:
    check_cell(cell)


@pytest.mark.parametrize("weights", ["int8", "uint8"])
@settings(max_examples=40, deadline=None)
@given(cell=CELLS)
def test_cells_with_integer_weights_agree_with_litert(weights: str, cell: Cell) -> None:
    # LiteRT computes in vectors of four: what is left over has other last bits, which can end in the next
    # step when a state is quantized.
    check_cell(attrs.evolve(cell, weights=weights, norms=False, cells=cell.cells // 4 * 4))


@pytest.mark.parametrize("weights", ["float32", "int8"])
def test_cells_of_real_sizes(weights: str) -> None:
    check_cell(Cell(depth=128, cells=100, steps=12, weights=weights))


def test_twenty_inputs_will_do() -> None:
    model, _ = lstm_model(OP, Cell(), count=20)
    check_runs(model, several(model, 2, 1))


INTEGER_CELLS = st.builds(
    Cell,
    depth=st.integers(1, 40),
    cells=st.integers(1, 40),
    batch=st.integers(1, 3),
    steps=st.integers(1, 5),
    coupled=st.booleans(),
    peepholes=st.booleans(),
    norms=st.booleans(),
    projection_bias=st.booleans(),
    time_major=st.booleans(),
    activation=st.sampled_from(["TANH", "NONE", "RELU"]),  # TANH is computed in any case
    cell_clip=st.sampled_from([0.0, 0.0, 0.7, 1000.0]),
    proj_clip=st.sampled_from([0.0, 0.0, 0.3, 1000.0]),
    seed=SEEDS,
)
SCALES = st.fixed_dictionaries(
    {
        "x": st.sampled_from([0.003, 0.03, 0.1]),
        "w": st.sampled_from([1e-4, 0.002, 0.02]),
        "r": st.sampled_from([1e-4, 0.003, 0.01]),
        "h": st.sampled_from([1 / 256, 1 / 128, 0.01]),
        "c": st.integers(-15, -9).map(lambda k: 2.0**k),
        "p": st.sampled_from([1e-6, 3e-5, 1e-3]),
        "n": st.sampled_from([1e-5, 3e-5, 1e-3]),
        "gate": st.sampled_from([2.0**-12, 0.003, 0.01]),
        "x@": st.sampled_from([-128, 0, 5, 127]),
        "h@": st.sampled_from([-128, 0, -7, 127]),
        "hidden@": st.sampled_from([-128, 0, 3, 127]),
    }
)


def check_integer_cell(cell: Cell) -> None:
    model = integer_lstm_model(OP, cell)
    check_runs(model, several(model, 3, cell.seed))


@pytest.mark.parametrize(
    "features", [f for f in FEATURES if "computed" not in f and f.get("outputs") != 6], ids=str
)
def test_integer_cells_are_bit_for_bit(features: dict[str, Any]) -> None:
    check_integer_cell(Cell(**features))


@settings(max_examples=150, deadline=None)
@given(cell=INTEGER_CELLS, scales=SCALES, fewer=st.none() | st.integers(0, 10))
def test_integer_cells_of_any_scales_are_bit_for_bit(
    cell: Cell, scales: dict[str, float], fewer: int | None
) -> None:
    outputs = None if fewer is None else max(cell.cells - fewer, 1)
    bias = cell.projection_bias and fewer is not None
    check_integer_cell(attrs.evolve(cell, scales=scales, outputs=outputs, projection_bias=bias))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (Cell(activation="NONE"), "needs a fused activation"),
        (Cell(cell_clip=-1.0), "needs clips that are not negative"),
        (Cell(projection_bias=True), "a projection's bias without its weights"),
    ],
)
def test_what_litert_cannot_do_is_refused_with_the_reason(cell: Cell, reason: str) -> None:
    model, weights = lstm_model(OP, cell)
    check(model, several(model, 1, 1, weights)[0], expect_refusal=reason)


@pytest.mark.parametrize("exponent", [-16, -8])
def test_a_cell_state_of_another_range_is_refused(exponent: int) -> None:
    model = integer_lstm_model(OP, Cell(scales={"c": 2.0**exponent}))
    check(model, several(model, 1, 1)[0], expect_refusal="needs a power of two from 2**-15 to 2**-9")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({0: (2, 3)}, "needs a sequence of rank 3"),
        ({1: None}, "the input gate without input 1"),
        ({10: None}, "peepholes without input 10"),
        ({13: (5,)}, "shape 5 for"),
        ({18: (2, 5)}, "10 elements in"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_reason(
    change: dict[int, tuple[int, ...] | None], reason: str
) -> None:
    shapes: list[Any] = [(2, 3, 3), *[(4, 3)] * 4, *[(4, 4)] * 4, *[(4,)] * 7, None, None, (2, 4), (2, 4)]
    for i, shape in change.items():
        shapes[i] = shape
    g = Builder()
    inputs: list[Any] = [None if s is None else g.constant(np.zeros(s, np.float32)) for s in shapes[1:18]]
    inputs = [g.input(shapes[0], "float32"), *inputs, *[g.variable(s, "float32") for s in shapes[18:]]]
    g.op(OP, inputs, [g.tensor((2, 3, 4), "float32")], fused_activation_function="TANH")
    check(g.model(), [np.zeros(shapes[0], np.float32)], expect_refusal=reason)


def test_a_state_that_is_not_variable_is_refused() -> None:
    g = Builder()
    shapes: list[Any] = [*[(4, 3)] * 4, *[(4, 4)] * 4, *[None] * 3, *[(4,)] * 4, None, None]
    weights = [None if s is None else g.constant(np.zeros(s, np.float32)) for s in shapes]
    x, *states = (g.input(s, "float32") for s in ((2, 3, 3), (2, 4), (2, 4)))
    g.op(OP, [x, *weights, *states], [g.tensor((2, 3, 4), "float32")], fused_activation_function="TANH")
    zeros = [np.zeros(t.shape or (), np.float32) for t in (x, *states)]
    check(g.model(), zeros, expect_refusal="needs variable tensors for its state")
