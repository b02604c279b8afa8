"""BROADCAST_ARGS: the shape that two shapes broadcast to.

Source: tflite/kernels/broadcast_args.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport

from ..kernel import Kernel
from ._movement import ints


def prepare(op: Op) -> Kernel:
    def run(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray]:
        return (np.array(_broadcast(ints(a), ints(b)), a.dtype),)

    return run


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> list[int]:
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    sizes = [m if n == 1 or m == n else n if m == 1 else -1 for m, n in pairs]
    if -1 in sizes:
        raise InputError(f"needs shapes that broadcast, found {a} and {b}")
    return sizes


SUPPORT = [OpSupport("BROADCAST_ARGS", (1, 1), "T T -> T", T="int32 int64", kernel=prepare)]
