"""UNIDIRECTIONAL_SEQUENCE_LSTM on int16 against TFLite Micro."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Interpreter, UnsupportedOps
from hypothesis import given, settings
from hypothesis import strategies as st
from lstm_micro import GATES, Cell


def random_cell(
    seed: int, depth: int, cells: int, power: int = -12, clip: float = 0.0, bias: str = "int64"
) -> Cell:
    random = np.random.default_rng(seed)

    def scale(low: float, high: float) -> float:
        return float(np.float32(np.exp(random.uniform(np.log(low), np.log(high)))))

    scales: dict[Any, float] = {"x": scale(1e-5, 1e-3), "h": scale(2e-5, 4e-5), "c": 2.0**power}
    weights = {}
    for name in GATES:
        scales["w", name], scales["r", name] = scale(1e-3, 5e-2), scale(1e-3, 5e-2)
        of_x = random.integers(-127, 128, (cells, depth)).astype(np.int8)
        of_h = random.integers(-127, 128, (cells, cells)).astype(np.int8)
        most = int(min(2 / (scales["x"] * scales["w", name]), 2**31 - 1))
        weights[name] = of_x, of_h, random.integers(-most, most + 1, cells).astype(bias)
    return Cell(weights, scales, clip)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    power=st.integers(-15, -9),
    clip=st.sampled_from([0.0, 0.5]),
    bias=st.sampled_from(["int64", "int32"]),
    time_major=st.booleans(),
)
def test_two_runs_are_what_tflite_micro_computes(
    seed: int, power: int, clip: float, bias: str, time_major: bool
) -> None:
    batch, steps, depth, cells = 2, 4, 3, 5
    cell = random_cell(seed, depth, cells, power, clip, bias)
    shape = (steps, batch, depth) if time_major else (batch, steps, depth)
    model = cell.model("UNIDIRECTIONAL_SEQUENCE_LSTM", shape, batch, time_major=time_major)
    interpreter = Interpreter(model=model)
    random = np.random.default_rng(seed + 1)
    states = [([0] * cells, [0] * cells) for _ in range(batch)]
    for _ in range(2):
        x = random.integers(-32768, 32768, shape).astype(np.int16)
        by_time = x if time_major else x.swapaxes(0, 1)
        expected = []
        for rows in by_time:
            states = [cell.step(row, *state) for row, state in zip(rows, states, strict=True)]
            expected.append([h for h, _ in states])
        found = interpreter(x)
        assert (found if time_major else found.swapaxes(0, 1)).tolist() == expected


def test_a_cell_state_that_grows_beyond_int16_saturates() -> None:
    cell = random_cell(1, 3, 5, power=-15)
    for name in GATES:  # all gates open wide
        bias = np.full(5, int(9 / (cell.scales["x"] * cell.scales["w", name])), np.int64)
        cell.weights[name] = *(np.zeros_like(w) for w in cell.weights[name][:2]), bias
    x, h, c = np.zeros((1, 2, 3), np.int16), [0] * 5, [0] * 5
    expected = []
    for row in x[0]:
        h, c = cell.step(row, h, c)
        expected.append(h)
    assert c == [32767] * 5
    model = cell.model("UNIDIRECTIONAL_SEQUENCE_LSTM", x.shape, 1)
    assert Interpreter(model=model)(x).tolist() == [expected]


def test_tflite_micro_s_own_example_comes_out_as_close_as_its_test_asks() -> None:
    """Weights, inputs, scales, expected outputs and tolerance of tflite-micro's lstm_test_data.cc."""
    rows = {"input": (10, 20, -1, -2), "forget": (-10, -20, 1, 2), "update": (1, 1, 0, 0)}
    rows["output"] = rows["update"]
    scales: dict[Any, float] = {"x": 3.0518044e-5, "h": 2.1362956633198035e-05, "c": 2.0**-12}
    weights = {}
    for name, (first, second, *bias) in rows.items():
        large = name in ("input", "forget")
        scales["w", name] = scales["r", name] = 0.15748031496062992 if large else 0.007874015748031496
        matrix = np.rint(np.array([[first] * 2, [second] * 2]) / scales["w", name]).astype(np.int8)
        unit = 4.8059911474468205e-06 if large else 2.40299557372341e-07
        weights[name] = matrix, matrix, np.rint(np.array(bias) / unit).astype(np.int64)
    model = Cell(weights, scales, clip=6.0).model("UNIDIRECTIONAL_SEQUENCE_LSTM", (2, 3, 2), 2)
    x = np.array([[[0.2, 0.3]] * 3, [[-0.98, 0.62], [0.01, 0.99], [0.49, -0.32]]])
    found = Interpreter(model=model)(np.rint(x / scales["x"]).astype(np.int16)) * scales["h"]
    expected = [
        [[0.26455893, 0.26870455], [0.47935803, 0.47937014], [0.58013272, 0.58013278]],
        [[-1.41184672e-3, -1.43329117e-5], [0.46887168, 0.46891281], [0.50054074, 0.50054148]],
    ]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_cell_state_scale_that_is_no_power_of_two_is_refused() -> None:
    cell = random_cell(1, 3, 5)
    cell.scales["c"] = 3e-4
    with pytest.raises(UnsupportedOps, match=r"needs a power of two from 2\*\*-15 to 2\*\*-9"):
        Interpreter(model=cell.model("UNIDIRECTIONAL_SEQUENCE_LSTM", (2, 4, 3), 2)).allocate_tensors()
