"""LESS_EQUAL: whether x <= y, broadcast.

Source: tflite/delegates/gpu/common/model_builder.cc (LogicalElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.comparison import comparison_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return comparison_support("LESS_EQUAL", "<=", options, last=2)
