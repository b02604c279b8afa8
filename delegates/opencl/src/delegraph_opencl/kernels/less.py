"""LESS: whether x < y, broadcast.

Source: tflite/delegates/gpu/common/model_builder.cc (LogicalElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..options import Options
from ._comparison import comparison_rows


def support(options: Options) -> Iterable[OpSupport]:
    return comparison_rows("LESS", "<", options, last=3)
