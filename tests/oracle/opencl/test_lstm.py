"""LSTM on OpenCL against LiteRT: one step of the FULL kernel, and the BASIC one."""

from __future__ import annotations

from typing import Any

import pytest
from delegraph import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op_opencl import refusal
from runs_opencl import check_runs
from stateful import Cell, Maker, integer_lstm_model, lstm_model, several
from strategies import SEEDS

FEATURES: list[dict[str, Any]] = [
    {},
    {"coupled": True},
    {"norms": True, "peepholes": True, "coupled": True, "outputs": 3, "cells": 9},
    {"outputs": 6, "projection_bias": True, "proj_clip": 0.3},
    {"activation": "RELU"},
]


@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_each_feature_of_a_full_cell(features: dict[str, Any]) -> None:
    model, weights = lstm_model("LSTM", Cell(batch=3, **features))
    check_runs(model, several(model, 4, 1, weights), half_rtol=2e-2)


@settings(max_examples=6, deadline=None)
@given(
    cell=st.builds(
        Cell, depth=st.integers(1, 30), cells=st.integers(1, 30), batch=st.integers(1, 4), seed=SEEDS
    )
)
def test_full_integer_cells_are_within_a_step(cell: Cell) -> None:
    model = integer_lstm_model("LSTM", cell)
    check_runs(model, several(model, 3, cell.seed))


@pytest.mark.parametrize("is_variable", [False, True])
@settings(max_examples=6, deadline=None)
@given(sizes=st.tuples(st.integers(1, 4), st.integers(1, 40), st.integers(5, 40)), seed=SEEDS)
def test_a_basic_cell(is_variable: bool, sizes: tuple[int, int, int], seed: int) -> None:
    model = basic_model(sizes, is_variable, seed)
    check_runs(model, several(model, 3, seed), half_rtol=2e-2)


def test_a_basic_cell_is_not_a_full_one() -> None:
    model, _ = lstm_model("LSTM", Cell())
    assert refusal(model) == ""
    assert refusal(basic_model((1, 2, 4), True, 1), {"quantized": False}) == ""


def basic_model(sizes: tuple[int, int, int], is_variable: bool, seed: int) -> Model:
    """Return a model of the BASIC kernel in float32."""
    batch, depth, cells = sizes
    g = Builder()
    x = g.input((batch, depth), "float32")
    state = g.variable if is_variable else g.input
    activation, memory = state((batch, cells), "float32"), state((batch, cells), "float32")
    make = Maker(g, seed)
    made = [make.floats((4 * cells, depth + cells)), make.floats((4 * cells,))]
    widths = (cells, cells, depth + cells, 4 * cells)
    outputs = [g.tensor((batch, width), "float32") for width in widths]
    g.op("LSTM", [x, activation, *made, memory], outputs, kernel_type="BASIC", version=2)
    return g.model(outputs=outputs)
