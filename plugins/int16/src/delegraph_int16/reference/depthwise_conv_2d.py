"""DEPTHWISE_CONV_2D: as in the reference delegate, with int16 x, int8 or int4 filters and an int64 bias.

LiteRT does not unpack int4 filters here; delegraph takes them for what they are.

Source: tflite/kernels/depthwise_conv.cc (EvalQuantizedPerChannel16x8), internal/reference/integer_ops/
depthwise_conv.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import operand
from delegraph_reference import DEPTHWISE_CONV_2D_RULES, Kernel, depthwise_conv_2d_with, quietly

from ._centered import centered_depthwise
from ._rules import fitting_factor, symmetric
from ._sums import of_convolution


def prepare(op: Op) -> Kernel:
    """In float32 where the values of a run allow it, else in float64."""
    wide = depthwise_conv_2d_with(of_convolution)(op)
    filters, bias = operand(op, 1).data, op.inputs[2] if len(op.inputs) > 2 else None
    if filters is None or (bias is not None and bias.data is None):
        return wide
    narrow = centered_depthwise(op, filters, None if bias is None else bias.data)
    if narrow is None:
        return wide

    @quietly
    def run(x: np.ndarray, *rest: np.ndarray) -> tuple[np.ndarray, ...]:
        y = narrow(x)
        return wide(x, *rest) if y is None else (y,)

    return run


SUPPORT = [
    OpSupport(
        "DEPTHWISE_CONV_2D",
        (1, 7),
        "int16 int8|int4 int64? -> int16",
        (*DEPTHWISE_CONV_2D_RULES, symmetric, fitting_factor),
        prepare,
    )
]
