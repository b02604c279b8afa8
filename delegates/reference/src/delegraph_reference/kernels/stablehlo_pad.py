"""STABLEHLO_PAD: a value around a tensor and between its elements; negative edges cut.

Source: tflite/kernels/stablehlo_pad.cc; StableHLO's specification of pad.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs
from delegraph.rules import one_value, shape_of

from ..kernel import Kernel
from ._edges import prepare_edges
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    o, shape = op.options, shape_of(op.outputs[0])
    pad = prepare_edges(shape_of(op.inputs[0]), o.edge_padding_low, o.interior_padding, o.edge_padding_high)

    def run(x: np.ndarray, value: np.ndarray) -> tuple[np.ndarray]:
        return (np.empty(shape, x.dtype) if 0 in shape else pad(x, value),)

    return run


@needs("paddings for each axis, interior ones of at least 0")
def paddings_for_axes(op: Op) -> str | None:
    rank, o = len(shape_of(op.inputs[0])), op.options
    given = (o.edge_padding_low, o.interior_padding, o.edge_padding_high)
    if all(len(p) == rank for p in given) and min(o.interior_padding, default=0) >= 0:
        return None
    return f"{[list(p) for p in given]} for {rank} axes"


SUPPORT = [
    OpSupport(
        "STABLEHLO_PAD",
        (1, 1),
        "T T -> T",
        T=EVERY_TYPE,
        constraints=(paddings_for_axes, one_value(1, "padding")),
        kernel=prepare,
    )
]
