"""STABLEHLO_DYNAMIC_UPDATE_SLICE: a tensor with a block replaced that begins where scalars say.

Source: StableHLO's specification of dynamic_update_slice; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE
from ._stablehlo import place_inside


def prepare(op: Op) -> Kernel:
    """The block is moved as far as needed to lie inside."""
    shape, sizes = shape_of(op.inputs[0]), shape_of(op.inputs[1])

    def run(x: np.ndarray, update: np.ndarray, *starts: np.ndarray) -> tuple[np.ndarray]:
        out = x.copy()
        out[place_inside(starts, sizes, shape)] = update
        return (out,)

    return run


@needs("an update no larger than the tensor, and a scalar start for each axis")
def update_inside(op: Op) -> str | None:
    shape, update, *starts = (shape_of(t) for t in op.inputs)
    fits = len(update) == len(shape) and all(n <= d for n, d in zip(update, shape, strict=True))
    return (
        None
        if fits and starts == [()] * len(shape)
        else f"{shape_text(update)} for {shape_text(shape)}, starts {starts}"
    )


SUPPORT = [
    OpSupport(
        "STABLEHLO_DYNAMIC_UPDATE_SLICE",
        (1, 1),
        "T T A* -> T",
        (update_inside,),
        prepare,
        T=EVERY_TYPE,
        A="int32 int64 uint32",
    )
]
