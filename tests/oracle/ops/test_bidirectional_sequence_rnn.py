"""BIDIRECTIONAL_SEQUENCE_RNN against LiteRT, state carried over several runs."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check
from stateful import Rnn, check_runs, rnn_model, several
from strategies import SEEDS

OP = "BIDIRECTIONAL_SEQUENCE_RNN"


def check_rnn(rnn: Rnn) -> None:
    model, weights = rnn_model(OP, rnn)
    check_runs(model, several(model, 3, rnn.seed, weights))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"])
def test_each_activation(weights: str, activation: str) -> None:
    check_rnn(Rnn(weights=weights, activation=activation))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@pytest.mark.parametrize("aux", ["none", "weighted", "plain"])
@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize(
    "layout", [{}, {"time_major": True, "batch": 1}, {"asymmetric": True, "time_major": True}]
)
def test_each_layout(weights: str, aux: str, merge: bool, layout: dict[str, Any]) -> None:
    check_rnn(Rnn(weights=weights, aux=aux, merge=merge, **layout))


def test_integer_weights_with_time_first_go_over_the_sequence_once_for_each_step() -> None:
    check_rnn(Rnn(weights="int8", time_major=True, steps=4))


@pytest.mark.parametrize("weights", ["float32", "int8", "uint8"])
@settings(max_examples=25, deadline=None)
@given(
    rnn=st.builds(
        Rnn,
        depth=st.integers(1, 20),
        units=st.integers(5, 20),  # one value may all but vanish
        batch=st.integers(1, 3),
        steps=st.integers(1, 5),
        time_major=st.booleans(),
        asymmetric=st.booleans(),
        computed=st.booleans(),
        aux=st.sampled_from(["none", "weighted", "plain"]),
        seed=SEEDS,
    )
)
def test_cells_of_any_size_agree_with_litert(weights: str, rnn: Rnn) -> None:
    check_rnn(attrs.evolve(rnn, weights=weights))


def test_a_layout_that_litert_dies_of_is_refused() -> None:
    model, _ = rnn_model(OP, Rnn(weights="int8", merge=True, time_major=True))
    check(model, several(model, 1, 1)[0], expect_refusal="needs asymmetric_quantize_inputs, a batch of one")
