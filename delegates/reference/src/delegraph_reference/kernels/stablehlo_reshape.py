"""STABLEHLO_RESHAPE: the same values in another shape.

Source: StableHLO's specification of reshape; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    shape = shape_of(op.outputs[0])

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (x.reshape(shape),)

    return run


SUPPORT = [OpSupport("STABLEHLO_RESHAPE", (1, 1), "T -> T", kernel=prepare, T=EVERY_TYPE)]
