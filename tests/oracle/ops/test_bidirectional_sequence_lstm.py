"""BIDIRECTIONAL_SEQUENCE_LSTM against LiteRT, state carried over several runs."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
from stateful import Cell, bidirectional_model, check_runs, several
from strategies import SEEDS

FEATURES: list[dict[str, Any]] = [
    {},
    {"coupled": True},
    {"peepholes": True},
    {"outputs": 2},
    {"outputs": 6, "projection_bias": True, "proj_clip": 0.3},
    {"cell_clip": 0.2},
    {"time_major": True, "outputs": 3, "peepholes": True, "coupled": True},
    {"activation": "RELU"},
    {"asymmetric": True, "outputs": 3},
    {"computed": True},
]


def check_cell(cell: Cell, merge: bool, aux: str) -> None:
    model, weights = bidirectional_model(cell, merge, aux)
    check_runs(model, several(model, 3, cell.seed, weights))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("aux", ["none", "weighted", "plain"])
@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_each_feature_of_the_cells(weights: str, aux: str, features: dict[str, Any]) -> None:
    check_cell(Cell(weights=weights, **features), False, aux)


@pytest.mark.parametrize("weights", ["float32", "int8"])
@pytest.mark.parametrize("layout", [{"batch": 1}, {"time_major": True, "batch": 3}])
@pytest.mark.parametrize("aux", ["none", "weighted", "plain"])
def test_outputs_side_by_side(weights: str, layout: dict[str, Any], aux: str) -> None:
    check_cell(Cell(weights=weights, **layout), True, aux)


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@settings(max_examples=25, deadline=None)
@given(
    cell=st.builds(
        Cell,
        depth=st.integers(1, 20),
        cells=st.integers(4, 20),
        outputs=st.none() | st.integers(4, 20),
        batch=st.integers(1, 3),
        steps=st.integers(1, 5),
        coupled=st.booleans(),
        peepholes=st.booleans(),
        asymmetric=st.booleans(),
        time_major=st.booleans(),
        seed=SEEDS,
    ),
    merge=st.booleans(),
    aux=st.sampled_from(["none", "weighted", "plain"]),
)
def test_cells_of_any_size_agree_with_litert(weights: str, cell: Cell, merge: bool, aux: str) -> None:
    batch = 1 if merge and not cell.time_major else cell.batch
    # LiteRT computes in vectors of four: what is left over has other last bits, which can end in the next
    # step when a state is quantized.
    cells = cell.cells if weights == "float32" else cell.cells // 4 * 4
    check_cell(attrs.evolve(cell, weights=weights, batch=batch, cells=cells), merge, aux)


def test_a_batch_whose_state_litert_would_misplace_is_refused() -> None:
    model, _ = bidirectional_model(Cell(), merge=True)
    check(
        model, several(model, 1, 1)[0], expect_refusal="needs a batch of one, time first, or outputs apart"
    )
