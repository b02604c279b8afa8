"""UNIQUE: the distinct values in the order in which they first occur, and where among them each value is.

Source: tflite/kernels/unique.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    """x: (values,) -> (distinct,) and (values,)."""
    index_type = np.dtype(op.outputs[1].dtype)

    def run(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        _, first, place = np.unique(x, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(len(order), index_type)
        rank[order] = np.arange(len(order))
        return x[first[order]], rank[place.reshape(x.shape)]

    return run


@needs("one axis")
def one_axis(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return None if len(shape) == 1 else f"shape {shape_text(shape)}"


@needs("places of the type that idx_out_type names")
def places_as_named(op: Op) -> str | None:
    named, found = op.options.idx_out_type.lower(), op.outputs[1].dtype
    return None if found == named else f"{found}, where it names {named}"


_TYPES = "float32 int8 uint8 int16 int32 int64"
SUPPORT = [
    OpSupport("UNIQUE", (1, 1), "T -> T int32|int64", (one_axis, places_as_named), prepare, T=_TYPES)
]
