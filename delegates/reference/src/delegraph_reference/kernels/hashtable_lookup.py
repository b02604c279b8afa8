"""HASHTABLE_LOOKUP: for each key the value that a sorted table has for it, and whether it has one.

Source: tflite/kernels/hashtable_lookup.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE, zero_of


def prepare(op: Op) -> Kernel:
    """lookup: (n,), rising keys: (rows,), values: (rows, *rest) -> (n, *rest), zeros if missing; (n,)."""

    def run(lookup: np.ndarray, keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        places = np.minimum(np.searchsorted(keys, lookup), len(keys) - 1)
        hits = keys[places] == lookup
        found = values[places]
        found[~hits] = zero_of(values.dtype)
        return found, hits.astype(np.uint8)

    return run


@needs("a table with as many keys as rows")
def keys_of_rows(op: Op) -> str | None:
    keys, values = (shape_of(t) for t in op.inputs[1:])
    fits = len(keys) == 1 and keys == values[:1] and keys[0] > 0
    return None if fits else f"keys {shape_text(keys)} and values {shape_text(values)}"


SUPPORT = [
    OpSupport(
        "HASHTABLE_LOOKUP",
        (1, 1),
        "int32 int32 T -> T uint8",
        T=EVERY_TYPE,
        constraints=(keys_of_rows,),
        kernel=prepare,
    )
]
