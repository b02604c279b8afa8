"""STABLEHLO_REDUCE: all values along some axes combined into one, by a body of one op.

Source: StableHLO's specification of reduce; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport

from ..elementwise import quietly
from ..kernel import Kernel
from ._body import COMBINATIONS, body_among, combination
from ._sliding import one_initial_value
from ._stablehlo import ints


def prepare(op: Op) -> Kernel:
    """x: any shape, init: one value -> x without the axes ``dimensions``. Integers wrap."""
    axes, combine = ints(op.options.dimensions), combination(op)

    @quietly
    def run(x: np.ndarray, init: np.ndarray) -> tuple[np.ndarray]:
        first = init.reshape(())[()]
        return (np.asarray(combine.reduce(x, axis=axes, dtype=x.dtype, initial=first)),)

    return run


_LOGICAL = [name for name in COMBINATIONS if name.endswith(("AND", "OR"))]
_ARITHMETIC = [name for name in COMBINATIONS if name not in _LOGICAL]

SUPPORT = [
    OpSupport(
        "STABLEHLO_REDUCE",
        (1, 1),
        "T T -> T",
        (body_among(_ARITHMETIC), one_initial_value),
        prepare,
        T="float32 float64 int8 uint8 int32 uint32 int64 uint64",
    ),
    OpSupport(
        "STABLEHLO_REDUCE", (1, 1), "bool bool -> bool", (body_among(_LOGICAL), one_initial_value), prepare
    ),
]
