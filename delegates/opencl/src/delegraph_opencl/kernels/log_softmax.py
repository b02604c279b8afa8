"""LOG_SOFTMAX: x less the logarithm of the sum of exp(x) along the last axis.

Source: tflite/kernels/activations.cc (LogSoftmaxPrepare).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import has_an_axis, output_steps, softmax_scale

from ..families.softmax_rows import RowOp, by_row
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support(
        "LOG_SOFTMAX",
        by_row(_LOG_SOFTMAX),
        options,
        "T -> T",
        constraints=[has_an_axis],
        quantized_constraints=[softmax_scale, output_steps(16, int8=127, uint8=255)],
    )


_LOG_SOFTMAX = RowOp("EXP((x) - peak)", "log(sum)", "(x) - peak - whole")
