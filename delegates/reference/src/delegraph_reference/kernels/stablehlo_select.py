"""STABLEHLO_SELECT: values of one tensor where a condition holds, of another where it does not.

Source: StableHLO's specification of select; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    """condition: the shape of the others, or a scalar."""

    def run(condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray]:
        return (np.where(condition, x, y),)

    return run


@needs("values of one shape, and a condition of it or a scalar")
def fitting_shapes(op: Op) -> str | None:
    condition, x, y = (shape_of(t) for t in op.inputs)
    return (
        None
        if x == y and condition in ((), x)
        else f"{shape_text(condition)}, {shape_text(x)} and {shape_text(y)}"
    )


SUPPORT = [OpSupport("STABLEHLO_SELECT", (1, 1), "bool T T -> T", (fitting_shapes,), prepare, T=EVERY_TYPE)]
