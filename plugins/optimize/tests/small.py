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
