"""STABLEHLO_CLAMP: values no lower than one operand and no higher than another.

Source: StableHLO's specification of clamp; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import by_formula
from ._stablehlo import NUMBERS


def clamped(low: np.ndarray, x: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum(np.maximum(x, low), high))


@needs("bounds that are scalars or have the shape of the values")
def fitting_shapes(op: Op) -> str | None:
    low, x, high = (shape_of(t) for t in op.inputs)
    return (
        None if {low, high} <= {(), x} else f"{shape_text(low)} and {shape_text(high)} for {shape_text(x)}"
    )


SUPPORT = [
    OpSupport(
        "STABLEHLO_CLAMP",
        (1, 1),
        "T T T -> T",
        (fitting_shapes,),
        by_formula(clamped),
        T=f"{NUMBERS} bfloat16",
    )
]
