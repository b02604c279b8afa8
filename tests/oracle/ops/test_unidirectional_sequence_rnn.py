"""UNIDIRECTIONAL_SEQUENCE_RNN against LiteRT, state carried over several runs."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stateful import Rnn, check_runs, rnn_model, several
from strategies import SEEDS

OP = "UNIDIRECTIONAL_SEQUENCE_RNN"


def check_rnn(rnn: Rnn) -> None:
    model, weights = rnn_model(OP, rnn)
    check_runs(model, several(model, 3, rnn.seed, weights))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"])
def test_each_activation(weights: str, activation: str) -> None:
    check_rnn(Rnn(weights=weights, activation=activation))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("asymmetric", [False, True])
@pytest.mark.parametrize("computed", [False, True])
@pytest.mark.parametrize("layout", [{}, {"time_major": True}, {"steps": 1}])
def test_each_layout(weights: str, asymmetric: bool, computed: bool, layout: dict[str, Any]) -> None:
    check_rnn(Rnn(weights=weights, asymmetric=asymmetric, computed=computed, **layout))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@settings(max_examples=25, deadline=None)
@given(
    rnn=st.builds(
        Rnn,
        depth=st.integers(1, 40),
        units=st.integers(5, 40),  # one value may all but vanish
        batch=st.integers(1, 4),
        time_major=st.booleans(),
        steps=st.integers(1, 5),
        asymmetric=st.booleans(),
        seed=SEEDS,
    )
)
def test_cells_of_any_size_agree_with_litert(weights: str, rnn: Rnn) -> None:
    check_rnn(attrs.evolve(rnn, weights=weights))
