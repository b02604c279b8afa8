"""LSTM on int16: one step of TFLite Micro's cell for each run."""

from __future__ import annotations

import numpy as np
from delegraph import Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st
from test_unidirectional_sequence_lstm import random_cell


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_each_run_is_a_step(seed: int) -> None:
    batch, depth, cells = 2, 3, 4
    cell = random_cell(seed, depth, cells)
    interpreter = Interpreter(model=cell.model("LSTM", (batch, depth), batch, kernel_type="FULL"))
    random = np.random.default_rng(seed + 1)
    states = [([0] * cells, [0] * cells) for _ in range(batch)]
    for _ in range(3):
        x = random.integers(-32768, 32768, (batch, depth)).astype(np.int16)
        states = [cell.step(row, *state) for row, state in zip(x, states, strict=True)]
        assert interpreter(x).tolist() == [h for h, _ in states]
