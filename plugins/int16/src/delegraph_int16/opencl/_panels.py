"""Products of int16 rows and constant int8 weights on CPUs, those of the delegate for integers."""

from __future__ import annotations

import numpy as np
from delegraph_opencl import Geometry, Integers, Launch, SumEpilogue, Target, Value, integer_convolution


def multiplied(
    g: Geometry, x: Value, weights: np.ndarray, y: Value, epilogue: SumEpilogue, target: Target, key: str
) -> Launch:
    """Return the launch of a convolution.

    :param weights: integers (out, height, width, in / groups)
    :param key: names the weights in the partition
    """
    integers = Integers(key, lambda: weights.reshape(len(weights), -1).astype(np.int16))
    return integer_convolution(g, x, integers, y, epilogue, target)
