"""TRANSPOSE: axes in another order.

Source: tflite/kernels/transpose.cc, internal/reference/transpose.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, axis_of, ints, once


def prepare(op: Op) -> Kernel:
    """Return x with its axis ``permutation[i]`` as axis i, copied so that readers run along memory."""
    rank = len(shape_of(op.inputs[0]))
    order = once(lambda values: _order(ints(values), rank), op.inputs[1])

    def run(x: np.ndarray, permutation: np.ndarray) -> tuple[np.ndarray]:
        moved = x.transpose(order(permutation))
        return (moved if moved.flags.c_contiguous else moved.copy(),)

    return run


def _order(permutation: tuple[int, ...], rank: int) -> tuple[int, ...]:
    order = tuple(axis_of(axis, rank) for axis in permutation)
    if sorted(order) != list(range(rank)):
        raise InputError(f"needs a permutation of {rank} axes, found {permutation}")
    return order


SUPPORT = [OpSupport("TRANSPOSE", (1, 9), "T int32 -> T", T=EVERY_TYPE, kernel=prepare)]
