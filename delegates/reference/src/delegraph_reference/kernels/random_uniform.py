"""RANDOM_UNIFORM: random numbers in [0, 1).

Source: tflite/kernels/random_ops.cc (GenerateRandomUniformNumbers).
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._movement import ints
from ._philox import Stream, unit_floats


def prepare(op: Op) -> Kernel:
    stream = Stream(op)

    def run(shape: np.ndarray) -> tuple[np.ndarray]:
        size = ints(shape)
        return (unit_floats(stream.words(math.prod(size))).reshape(size),)

    return run


SUPPORT = [OpSupport("RANDOM_UNIFORM", (1, 1), "int32 -> float32", kernel=prepare)]
