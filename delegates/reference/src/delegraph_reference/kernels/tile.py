"""TILE: a tensor repeated along each axis.

Source: tflite/kernels/tile.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    rank = len(shape_of(op.inputs[0]))
    times = once(lambda values: _times(ints(values), rank), op.inputs[1])

    def run(x: np.ndarray, multiples: np.ndarray) -> tuple[np.ndarray]:
        return (np.tile(x, times(multiples)),)

    return run


def _times(multiples: tuple[int, ...], rank: int) -> tuple[int, ...]:
    if len(multiples) != rank or min(multiples, default=0) < 0:
        raise InputError(f"needs {rank} multiples of at least 0, found {multiples}")
    return multiples


SUPPORT = [OpSupport("TILE", (1, 3), "T int32|int64 -> T", T=EVERY_TYPE, kernel=prepare)]
