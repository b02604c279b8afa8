"""Small models of floats, and what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Interpreter, Model

RNG = np.random.default_rng(7)
START = RNG.bit_generator.state


def floats(*shape: int, size: float = 1.0) -> np.ndarray:
    return RNG.uniform(-size, size, shape).astype(np.float32)


def dense_net(inputs: int = 64, units: int = 32) -> Model:
    """A product with a RELU, and another one."""
    g = Builder()
    x = g.input((1, inputs), "float32", "x")
    w, b = g.constant(floats(units, inputs), name="w"), g.constant(floats(units), name="b")
    y = g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((1, units), "float32", "y")])
    y = g.op("RELU", [y], [g.tensor((1, units), "float32", "relu")])
    w = g.constant(floats(4, units), name="w2")
    z = g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 4), "float32", "z")])
    return g.model(outputs=[z], signature="serving_default", metadata={"note": b"kept"})


def computes(model: Model, **inputs: Any) -> list[np.ndarray]:
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        return list(interpreter.run(inputs).values())


def ops(model: Model) -> list[str]:
    return [op.name for op in model.subgraphs[0].ops]


def whole_lstm(outputs: int = 5, normalized: bool = True) -> Model:
    """An LSTM of 5 units with peepholes; fewer outputs are projected."""
    g = Builder()
    x = g.input((2, 4, 6), "float32", "x")
    weights = [g.constant(floats(5, n)) for n in (6, 6, 6, 6, *[outputs] * 4)]
    peepholes, biases = ([g.constant(floats(5)) for _ in range(n)] for n in (3, 4))
    projection = (
        [g.constant(floats(outputs, 5)), g.constant(floats(outputs))] if outputs < 5 else [None] * 2
    )
    state = [g.variable((2, n), "float32") for n in (outputs, 5)]
    norms = [g.constant(floats(5)) if normalized else None for _ in range(4)]
    y = g.tensor((2, 4, outputs), "float32", "y")
    inputs = [x, *weights, *peepholes, *biases, *projection, *state, *norms]
    g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], fused_activation_function="TANH", cell_clip=10.0)
    return g.model([y])
