"""STABLEHLO_RNG_BIT_GENERATOR: random bits from a state, and the next state.

Source: tflite/kernels/rng_bit_generator.cc, rng_util.cc (Threefry2x32, Philox4x32).
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._philox import blocks
from ._threefry import pairs


def prepare(op: Op) -> Kernel:
    """state: uint64 (2,) or (3,): key, counter and, for PHILOX, the counter's upper half (else the key)."""
    shape, dtype = shape_of(op.outputs[1]), np.dtype(op.outputs[1].dtype)
    words = math.prod(shape) * dtype.itemsize // 4
    threefry = op.options.algorithm == "THREEFRY"

    def run(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key, low, high = int(state[0]), int(state[1]), int(state[-1] if len(state) == 3 else state[0])
        count = -(-words // (2 if threefry else 4))
        found = pairs(key, low, count) if threefry else blocks(key, low, high, count)
        after = state.copy()
        after[1] = (low + count) % 2**64
        return after, found.reshape(-1)[:words].view(dtype).reshape(shape)

    return run


@needs("a state of 2 numbers, or of 3 for PHILOX")
def state_of_algorithm(op: Op) -> str | None:
    shape, algorithm = shape_of(op.inputs[0]), op.options.algorithm
    fits = shape == (2,) or (shape == (3,) and algorithm != "THREEFRY")
    return None if fits else f"shape {shape_text(shape)} for {algorithm}"


SUPPORT = [
    OpSupport(
        "STABLEHLO_RNG_BIT_GENERATOR",
        (1, 1),
        "uint64 -> uint64 int32|uint32|int64|uint64",
        constraints=(state_of_algorithm,),
        kernel=prepare,
    )
]
