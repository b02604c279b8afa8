"""STABLEHLO_TRANSPOSE: the axes in another order.

Source: StableHLO's specification of transpose; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._movement import EVERY_TYPE
from ._stablehlo import ints


def prepare(op: Op) -> Kernel:
    order = ints(op.options.permutation)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.ascontiguousarray(x.transpose(order)).reshape([x.shape[a] for a in order]),)

    return run


SUPPORT = [OpSupport("STABLEHLO_TRANSPOSE", (1, 1), "T -> T", kernel=prepare, T=EVERY_TYPE)]
