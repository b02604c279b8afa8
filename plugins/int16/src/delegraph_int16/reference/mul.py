"""MUL: elementwise product of two broadcast operands, and a fused activation; without scales it wraps.

Source: tflite/kernels/mul.cc, internal/reference/mul.h, integer_ops/mul.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, quantize_multiplier, stored_range
from delegraph.rules import known_activation, operand
from delegraph_reference import Kernel, by_formula

from ._rescale import to_int16
from ._rules import one_scale_each, symmetric, unscaled


def prepare(op: Op) -> Kernel:
    """Products are rounded twice."""
    to_out = to_int16(*quantize_multiplier(output_factor(op)), stored_range(op))
    return lambda x, y: (to_out(np.multiply(x, y, dtype=np.int32)),)


def output_factor(op: Op) -> float:
    """Return scale_x * scale_y / scale_out, each step in float32 as LiteRT takes it."""
    x, y, out = (np.float32(t.scale) for t in (operand(op, 0), operand(op, 1), op.outputs[0]))
    with np.errstate(all="ignore"):
        return float(x * y / out)


@needs("scales whose rescaling factor keeps a product within int32")
def fitting_output(op: Op) -> str | None:
    factor = output_factor(op)
    return None if factor < 1 else f"a factor of {factor:.3g}"  # (2^15)^2 * 1 < 2^31


SUPPORT = [
    OpSupport(
        "MUL",
        (1, 8),
        "int16 int16 -> int16",
        (known_activation, symmetric, one_scale_each, fitting_output),
        prepare,
    ),
    OpSupport("MUL", (1, 8), "int16 int16 -> int16", (known_activation, unscaled), by_formula(np.multiply)),
]
