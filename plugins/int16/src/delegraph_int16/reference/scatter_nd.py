"""SCATTER_ND: zeros with int16 updates added at tuples of indices; sums saturate.

Defined in docs/int16.md; LiteRT lacks it.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import same_quantization
from delegraph_reference import Kernel, clipped, row_of

_TYPES = "int32 {} int32 -> {}"


def prepare(op: Op) -> Kernel:
    scatter = row_of("SCATTER_ND", _TYPES.format("int64", "int64")).kernel(op)

    def run(indices: np.ndarray, updates: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray]:
        (sums,) = scatter(indices, updates.astype(np.int64), shape)
        return (clipped(sums, op.outputs[0]).astype(np.int16),)

    return run


SUPPORT = [
    OpSupport(
        "SCATTER_ND", (1, 1), _TYPES.format("int16", "int16"), (same_quantization(slice(1, 2)),), prepare
    )
]
