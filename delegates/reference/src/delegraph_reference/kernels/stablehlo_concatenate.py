"""STABLEHLO_CONCATENATE: tensors one behind the other along an axis.

Source: StableHLO's specification of concatenate; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    axis = op.options.dimension

    def run(*parts: np.ndarray) -> tuple[np.ndarray]:
        return (np.concatenate(parts, axis),)

    return run


SUPPORT = [OpSupport("STABLEHLO_CONCATENATE", (1, 1), "T T* -> T", kernel=prepare, T=EVERY_TYPE)]
