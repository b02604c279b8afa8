"""LOG_SOFTMAX: x less the logarithm of the sum of exp(x) along the last axis.

Source: tflite/kernels/activations.cc (LogSoftmaxPrepare).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..options import Options
from ..rows import RowOp, by_row, has_an_axis
from ._rows import float_rows


def support(options: Options) -> Iterable[OpSupport]:
    return float_rows("LOG_SOFTMAX", by_row(_LOG_SOFTMAX), options, "T -> T", where=[has_an_axis])


_LOG_SOFTMAX = RowOp("exp((x) - peak)", "log(sum)", "(x) - peak - whole")
