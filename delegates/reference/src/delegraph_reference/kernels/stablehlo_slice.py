"""STABLEHLO_SLICE: a part of a tensor, in steps along each axis.

Source: StableHLO's specification of slice; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._movement import EVERY_TYPE
from ._stablehlo import ints


def prepare(op: Op) -> Kernel:
    o = op.options
    spec = zip(ints(o.start_indices), ints(o.limit_indices), ints(o.strides), strict=True)
    part = tuple(slice(*axis) for axis in spec)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (x[part],)

    return run


SUPPORT = [OpSupport("STABLEHLO_SLICE", (1, 1), "T -> T", kernel=prepare, T=EVERY_TYPE)]
