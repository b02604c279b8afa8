"""UNIDIRECTIONAL_SEQUENCE_LSTM on OpenCL against LiteRT, state carried over several runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op_opencl import refusal
from runs_opencl import check_runs
from stateful import Cell, integer_lstm_model, lstm_model, several
from strategies import SEEDS

OP = "UNIDIRECTIONAL_SEQUENCE_LSTM"
FEATURES: list[dict[str, Any]] = [
    {},
    {"coupled": True},
    {"peepholes": True},
    {"peepholes": True, "coupled": True},
    {"norms": True, "cells": 9},
    {"norms": True, "peepholes": True, "coupled": True, "cells": 9},
    {"outputs": 2},
    {"outputs": 6, "projection_bias": True, "proj_clip": 0.3},
    {"cell_clip": 0.2},
    {"time_major": True, "batch": 3},
    {"time_major": True, "norms": True, "peepholes": True, "outputs": 3, "cells": 9},
    {"diagonal": (True, False, True, True)},
]


def check_cell(cell: Cell) -> None:
    model, weights = lstm_model(OP, cell)
    check_runs(model, several(model, 3, cell.seed, weights), half_rtol=4e-2)


@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_each_feature_of_a_cell(features: dict[str, Any]) -> None:
    check_cell(Cell(**features))


@pytest.mark.parametrize("activation", ["RELU", "RELU_N1_TO_1", "RELU6", "TANH"])
def test_each_activation(activation: str) -> None:
    check_cell(Cell(activation=activation))


def test_a_cell_of_real_size() -> None:
    check_cell(Cell(depth=128, cells=100, steps=12))


@settings(max_examples=8, deadline=None)
@given(
    cell=st.builds(
        Cell,
        depth=st.integers(1, 20),
        cells=st.integers(4, 40),
        batch=st.integers(1, 3),
        steps=st.integers(1, 5),
        coupled=st.booleans(),
        peepholes=st.booleans(),
        time_major=st.booleans(),
        cell_clip=st.sampled_from([0.0, 0.0, 0.5]),
        seed=SEEDS,
    )
)
def test_float_cells_agree_with_litert(cell: Cell) -> None:
    check_cell(cell)


@settings(max_examples=15, deadline=None)
@given(
    cell=st.builds(
        Cell,
        depth=st.integers(1, 40),
        cells=st.integers(1, 40),
        batch=st.integers(1, 3),
        steps=st.integers(1, 8),
        coupled=st.booleans(),
        time_major=st.booleans(),
        cell_clip=st.sampled_from([0.0, 0.0, 0.7]),
        seed=SEEDS,
    )
)
def test_integer_cells_are_within_a_step(cell: Cell) -> None:
    model = integer_lstm_model(OP, cell)
    check_runs(model, several(model, 3, cell.seed))


@pytest.mark.parametrize("features", [{"norms": True}, {"peepholes": True}, {"outputs": 2}], ids=str)
def test_other_integer_cells_are_refused(features: dict[str, Any]) -> None:
    assert "needs" in refusal(integer_lstm_model(OP, Cell(**features)))


def test_weights_that_are_computed_are_refused() -> None:
    model, _ = lstm_model(OP, Cell(computed=True))
    assert "needs constant weights" in refusal(model)
