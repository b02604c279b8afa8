"""Small models of the tests."""

from __future__ import annotations

import numpy as np
from delegraph import Builder, Model

SHAPE = (1, 4, 4, 3)


def small_net() -> Model:
    """Return a convolution, an addition of its result to itself, and a softmax."""
    g = Builder()
    x = g.input(SHAPE, "float32", "x")
    weights = g.constant(values((5, 2, 2, 3), 1))
    y = g.op(
        "CONV_2D",
        [x, weights, g.constant(values((5,), 2))],
        [g.tensor((1, 3, 3, 5), "float32", "y")],
        padding="VALID",
        stride_w=1,
        stride_h=1,
    )
    z = g.op("ADD", [y, y], [g.tensor((1, 3, 3, 5), "float32", "z")])
    return g.model([y, g.op("SOFTMAX", [z], [g.tensor((1, 3, 3, 5), "float32", "p")], beta=1.0)])


def values(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Return reproducible floats between -1 and 1."""
    bits = np.random.PCG64(seed).random_raw(int(np.prod(shape)))
    return (bits / 2.0**63 - 1).astype(np.float32).reshape(shape)
