"""SVDF on int16 against its definition in Python's integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Interpreter
from hypothesis import given, settings
from hypothesis import strategies as st
from rational import reduced, saturated

UNITS, RANK, MEMORY, DEPTH, BATCH = 3, 2, 4, 5, 2
SCALES = {"x": 1e-4, "features": 0.01, "state": 2e-4, "time": 1e-4, "out": 1e-3}
BOUNDS = {"NONE": (-32768, 32767), "RELU": (0, 32767), "RELU6": (0, 6000), "RELU_N1_TO_1": (-1000, 1000)}


def model(weights: dict[str, Any], activation: str) -> tuple[Any, list[float]]:
    g = Builder()
    scale = {k: float(np.float32(v)) for k, v in SCALES.items()}
    x = g.input((BATCH, DEPTH), "int16", scale=scale["x"], zero_point=0)
    features, time = (g.constant(weights[k], scale=scale[k], zero_point=0) for k in ("features", "time"))
    bias = None if weights["bias"] is None else g.constant(weights["bias"], scale=2e-8, zero_point=0)
    state = g.variable((BATCH, UNITS * RANK * MEMORY), "int16", scale=scale["state"], zero_point=0)
    y = g.tensor((BATCH, UNITS), "int16", scale=scale["out"], zero_point=0)
    g.op("SVDF", [x, features, time, bias, state], [y], rank=RANK, fused_activation_function=activation)
    factors = scale["x"] * scale["features"] / scale["state"], scale["state"] * scale["time"] / scale["out"]
    return g.model(outputs=[y]), list(factors)


def expected(
    x: np.ndarray, state: list[list[list[int]]], weights: dict[str, Any], factors: list[float]
) -> Any:
    """Move the state on, in place, and return the outputs before the activation."""
    found = []
    for row, filters in zip(x, state, strict=True):
        for feature, memory in zip(weights["features"], filters, strict=True):
            total = sum(int(a) * int(b) for a, b in zip(row, feature, strict=True))
            memory[:] = [*memory[1:], saturated(reduced(total, factors[0]))]
        sums = [0 if weights["bias"] is None else int(weights["bias"][unit]) for unit in range(UNITS)]
        for k, (memory, time) in enumerate(zip(filters, weights["time"], strict=True)):
            sums[k // RANK] += sum(a * int(b) for a, b in zip(memory, time, strict=True))
        found.append([reduced(total, factors[1]) for total in sums])
    return found


@pytest.mark.parametrize("activation", list(BOUNDS))
@pytest.mark.parametrize("time", ["int16", "int8"])
@pytest.mark.parametrize("bias", ["int64", "int32", None])
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_several_runs_are_what_the_definition_says(
    activation: str, time: str, bias: str | None, seed: int
) -> None:
    random = np.random.default_rng(seed)
    most = np.iinfo(time).max
    weights = {
        "features": random.integers(-127, 128, (UNITS * RANK, DEPTH)).astype(np.int8),
        "time": random.integers(-most, most + 1, (UNITS * RANK, MEMORY)).astype(time),
        "bias": None if bias is None else random.integers(-(10**8), 10**8, UNITS).astype(bias),
    }
    made, factors = model(weights, activation)
    interpreter = Interpreter(model=made)
    state = [[[0] * MEMORY for _ in range(UNITS * RANK)] for _ in range(BATCH)]
    for _ in range(6):
        x = random.integers(-32768, 32768, (BATCH, DEPTH)).astype(np.int16)
        answer = np.clip(expected(x, state, weights, factors), *BOUNDS[activation])
        assert interpreter(x).tolist() == answer.tolist()
