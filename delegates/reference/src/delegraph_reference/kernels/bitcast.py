"""BITCAST: the same bytes as another type; a last axis comes or goes where the types' sizes differ.

Source: tflite/kernels/bitcast.cc (CalculateShape).
"""

from __future__ import annotations

import numpy as np
from delegraph import DTYPES, Op, OpSupport, needs, shape_text
from delegraph.rules import operand

from ..elementwise import WHOLE_BYTES
from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    dtype, shape = DTYPES[op.outputs[0].dtype].numpy, _shape(op)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.ascontiguousarray(x).reshape(-1).view(dtype).reshape(shape),)

    return run


def _sizes(op: Op) -> tuple[int, int]:
    old, new = (DTYPES[t.dtype].bits for t in (operand(op, 0), op.outputs[0]))
    return old, new


def _shape(op: Op) -> tuple[int, ...]:
    shape = operand(op, 0).shape or ()
    old, new = _sizes(op)
    if old > new:
        return (*shape, old // new)
    return shape[:-1] if old < new else shape


@needs("a last axis that makes up one element of the larger type")
def fitting_axis(op: Op) -> str | None:
    shape = operand(op, 0).shape or ()
    old, new = _sizes(op)
    return (
        None
        if old >= new or shape[-1:] == (new // old,)
        else f"shape {shape_text(shape)} for {new // old} to one"
    )


_TYPES = f"{WHOLE_BYTES} complex128"
SUPPORT = [
    OpSupport("BITCAST", (1, 1), "A -> B", (fitting_axis,), prepare, A=_TYPES, B=_TYPES),
    OpSupport("BITCAST", (1, 1), "T -> T", kernel=lambda op: lambda x: (x,), T="int2 int4 uint4"),
]
