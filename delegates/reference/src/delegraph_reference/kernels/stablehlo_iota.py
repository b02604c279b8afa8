"""STABLEHLO_IOTA: 0, 1, 2, … along one axis of a tensor.

Source: StableHLO's specification of iota; LiteRT does not run it.
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    shape, axis = shape_of(op.outputs[0]), op.options.iota_dimension
    numbers = np.arange(shape[axis]).astype(DTYPES[op.outputs[0].dtype].numpy)
    numbers = numbers.reshape([-1 if a == axis else 1 for a in range(len(shape))])

    def run() -> tuple[np.ndarray]:
        return (np.broadcast_to(numbers, shape),)

    return run


@needs("an iota_dimension that the output has")
def known_axis(op: Op) -> str | None:
    shape, axis = shape_of(op.outputs[0]), op.options.iota_dimension
    return None if 0 <= axis < len(shape) else f"{axis} for {shape_text(shape)}"


SUPPORT = [
    OpSupport(
        "STABLEHLO_IOTA",
        (1, 1),
        "-> T",
        (known_axis,),
        prepare,
        T="float32 float16 float64 int8 uint8 uint16 int32 uint32 int64 uint64",
    )
]
