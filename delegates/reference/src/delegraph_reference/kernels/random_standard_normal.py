"""RANDOM_STANDARD_NORMAL: random numbers of mean 0 and standard deviation 1.

Source: tflite/kernels/random_ops.cc, xla/tsl/lib/random/random_distributions_utils.h (BoxMullerFloat).
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._movement import ints
from ._philox import Stream, unit_floats

_SMALLEST = np.float32(1e-7)  # of the numbers whose logarithm is taken


def prepare(op: Op) -> Kernel:
    """Box and Muller's pairs: sqrt(-2 ln u) times sine and cosine of 2 pi v, u and v uniform in [0, 1)."""
    stream = Stream(op)

    def run(shape: np.ndarray) -> tuple[np.ndarray]:
        size = ints(shape)
        count = math.prod(size)
        unit = unit_floats(stream.words(count + count % 2))
        radius = np.sqrt(-2 * np.log(np.maximum(unit[0::2], _SMALLEST)))
        angle = (2 * np.pi * unit[1::2].astype(np.float64)).astype(np.float32)
        pairs = np.stack([np.sin(angle) * radius, np.cos(angle) * radius], 1)
        return (pairs.reshape(-1)[:count].reshape(size),)

    return run


SUPPORT = [OpSupport("RANDOM_STANDARD_NORMAL", (1, 1), "int32 -> float32", kernel=prepare)]
