"""BROADCAST_TO: a tensor repeated along its axes of size 1 and along new leading ones; a view.

Source: tflite/kernels/broadcast_to.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    shape = shape_of(op.inputs[0])
    target = once(lambda values: _target(shape, ints(values)), op.inputs[1])

    def run(x: np.ndarray, new_shape: np.ndarray) -> tuple[np.ndarray]:
        return (np.broadcast_to(x, target(new_shape)),)

    return run


def _target(shape: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    tail = wanted[len(wanted) - len(shape) :]
    if len(tail) != len(shape) or any(d not in (1, n) for d, n in zip(shape, tail, strict=True)):
        raise InputError(f"needs a shape that {shape_text(shape)} broadcasts to, found {wanted}")
    return wanted


SUPPORT = [OpSupport("BROADCAST_TO", (2, 4), "T int32|int64 -> T", T=EVERY_TYPE, kernel=prepare)]
