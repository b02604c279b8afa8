"""RESHAPE: the same values in the same order under another shape; a view.

Source: tflite/kernels/reshape.cc.
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import InputError, Op, OpSupport, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    """Return x under the shape in input 1, if it is int32, else in ``new_shape``; one -1 is free."""
    shape = shape_of(op.inputs[0])

    def fitted(values: np.ndarray | None) -> tuple[int, ...]:
        return _fitted(_new_shape(op) if values is None else ints(values), shape)

    given = op.inputs[1] if len(op.inputs) > 1 else None
    by_option = given is None or given.dtype != "int32"
    target = once(fitted, None if by_option else given)

    def run(x: np.ndarray, new_shape: np.ndarray | None = None) -> tuple[np.ndarray]:
        return (x.reshape(target(None if by_option else new_shape)),)

    return run


def _new_shape(op: Op) -> tuple[int, ...]:
    given = op.options.new_shape
    wanted = () if given is None else tuple(int(d) for d in given)
    return () if wanted == (0,) else wanted  # old converters wrote a scalar as [0]


def _fitted(wanted: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return ``wanted`` with its one -1 replaced by what the other sizes leave over."""
    rest = math.prod(d for d in wanted if d not in (0, -1))
    free = math.prod(d for d in shape if d) // rest if rest else 0
    if 0 in shape and 0 not in wanted:
        free = 0
    fitted = tuple(free if d == -1 else d for d in wanted)
    if wanted.count(-1) > 1 or math.prod(fitted) != math.prod(shape):
        raise InputError(
            f"needs a new shape of {math.prod(shape)} values, found {wanted} for {shape_text(shape)}"
        )
    return fitted


SUPPORT = [OpSupport("RESHAPE", (1, 1), "T any? -> T", T=EVERY_TYPE, kernel=prepare)]
