"""DYNAMIC_UPDATE_SLICE: a tensor with one block replaced.

Source: tflite/kernels/dynamic_update_slice.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import shape_of, update_inside

from ..kernel import Kernel
from ._movement import EVERY_TYPE, ints, once


def prepare(op: Op) -> Kernel:
    """Return x with ``update`` put where ``start`` says, moved as far as needed to lie inside of x."""
    shape, block = shape_of(op.inputs[0]), shape_of(op.inputs[1])
    room = [d - n for d, n in zip(shape, block, strict=True)]

    def inside(start: np.ndarray) -> tuple[slice, ...]:
        places = zip(ints(start), room, block, strict=True)
        return tuple([slice(b := min(max(s, 0), most), b + n) for s, most, n in places])

    place = once(inside, op.inputs[2])

    def run(x: np.ndarray, update: np.ndarray, start: np.ndarray) -> tuple[np.ndarray]:
        out = x.copy()
        out[place(start)] = update
        return (out,)

    return run


SUPPORT = [
    OpSupport(
        "DYNAMIC_UPDATE_SLICE",
        (1, 6),
        "T T int32|int64 -> T",
        T=EVERY_TYPE,
        constraints=(update_inside,),
        kernel=prepare,
    )
]
