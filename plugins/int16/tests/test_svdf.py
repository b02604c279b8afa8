"""SVDF on int16 against its definition, and on int8 against TFLite Micro's, in Python's integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, load_delegate
from hypothesis import given, settings
from hypothesis import strategies as st
from svdf_micro import bytes_expected, expected

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
        answer = np.clip(expected(x, state, weights, factors, RANK), *BOUNDS[activation])
        assert interpreter(x).tolist() == answer.tolist()


# int8 with an int8 state: TFLite Micro's arithmetic, written out, since LiteRT has an int16 state only.


def bytes_model(
    weights: dict[str, np.ndarray | None],
    scales: dict[str, float],
    points: dict[str, int],
    activation: str = "NONE",
    bias_scale: float | None = None,
) -> Model:
    features, time, bias = (weights[k] for k in ("features", "time", "bias"))
    assert features is not None
    assert time is not None
    g = Builder()
    stored = {k: {"scale": scales[k], "zero_point": points.get(k, 0)} for k in scales}
    x = g.input((BATCH, features.shape[1]), "int8", **stored["x"])
    operands = [x, g.constant(features, **stored["features"]), g.constant(time, **stored["time"])]
    product = scales["state"] * scales["time"] if bias_scale is None else bias_scale
    operands.append(None if bias is None else g.constant(bias, scale=product, zero_point=0))
    operands.append(g.variable((BATCH, time.size), "int8", **stored["state"]))
    y = g.tensor((BATCH, len(time) // RANK), "int8", **stored["out"])
    g.op("SVDF", operands, [y], rank=RANK, fused_activation_function=activation, version=3)
    return g.model(outputs=[y])


@pytest.mark.parametrize("has_bias", [True, False])
@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(1, 30), st.integers(1, 6)),  # depth, memory
    spread=st.sampled_from([0.02, 0.5, 1.0, 5.0]),  # of the state over int8: more saturates
    zero_points=st.tuples(*[st.sampled_from([0, -128, 127, 5, -77])] * 3),
)
def test_bytes_with_a_state_of_bytes_are_tflite_micro_s(
    has_bias: bool, seed: int, sizes: tuple[int, int], spread: float, zero_points: tuple[int, int, int]
) -> None:
    random = np.random.default_rng(seed)
    depth, memory = sizes
    weights = {
        "features": random.integers(-127, 128, (UNITS * RANK, depth)).astype(np.int8),
        "time": random.integers(-127, 128, (UNITS * RANK, memory)).astype(np.int8),
        "bias": random.integers(-20000, 20000, UNITS).astype(np.int32) if has_bias else None,
    }
    scales = {k: float(np.float32(random.uniform(0.001, 0.1))) for k in ("x", "features", "time")}
    scales["state"] = scales["x"] * scales["features"] * 80 * float(np.sqrt(depth)) / spread
    scales["out"] = scales["state"] * scales["time"] * 70 * float(np.sqrt(memory))
    scales = {k: float(np.float32(v)) for k, v in scales.items()}
    points = dict(zip(("x", "state", "out"), zero_points, strict=True))
    interpreter = Interpreter(model=bytes_model(weights, scales, points))
    state = [[[points["state"]] * memory for _ in range(UNITS * RANK)] for _ in range(BATCH)]
    for _ in range(5):
        x = random.integers(-128, 128, (BATCH, depth)).astype(np.int8)
        answer = bytes_expected(x, state, weights, scales, points, RANK)
        assert np.asarray(interpreter(x)).tolist() == answer


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"points": {"time": 3}}, "needs weights and a bias with zero point 0, found zero point 3"),
        ({"bias_scale": 0.5}, "needs a bias scale within 1e-5 of state scale times time weight scale"),
        ({"activation": "RELU6"}, "needs the fused activation NONE or RELU"),
    ],
)
def test_what_tflite_micro_does_not_define_is_refused(change: dict[str, Any], expected: str) -> None:
    weights: dict[str, Any] = {"features": np.ones((6, 4), np.int8), "time": np.ones((6, 2), np.int8)}
    weights["bias"] = np.ones(UNITS, np.int32)
    scales = dict.fromkeys(("x", "features", "time", "state", "out"), 0.01)
    graph = bytes_model(weights, scales, **{"points": {}, **change}).subgraphs[0]
    why = "; ".join(map(str, load_delegate("reference").table.refusals(graph.ops[0], graph)))
    assert expected in why
