"""STABLEHLO_DYNAMIC_SLICE: a block of a tensor that begins where scalars say, moved to lie inside.

Source: StableHLO's specification of dynamic_slice; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE
from ._stablehlo import ints, place_inside


def prepare(op: Op) -> Kernel:
    shape, sizes = shape_of(op.inputs[0]), ints(op.options.slice_sizes)

    def run(x: np.ndarray, *starts: np.ndarray) -> tuple[np.ndarray]:
        return (x[place_inside(starts, sizes, shape)],)

    return run


@needs("a scalar start for each axis")
def start_for_each_axis(op: Op) -> str | None:
    rank, starts = len(shape_of(op.inputs[0])), [shape_of(t) for t in op.inputs[1:]]
    return None if starts == [()] * rank else f"starts of shapes {starts} for {rank} axes"


SUPPORT = [
    OpSupport(
        "STABLEHLO_DYNAMIC_SLICE",
        (1, 1),
        "T A* -> T",
        (start_for_each_axis,),
        prepare,
        T=EVERY_TYPE,
        A="int32 int64 uint32",
    )
]
