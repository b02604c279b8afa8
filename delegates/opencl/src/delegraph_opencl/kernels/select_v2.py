"""SELECT_V2: x where the condition holds, else y, all broadcast.

Source: tflite/delegates/gpu/common/model_builder.cc (SelectV2OperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.select import select_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return select_support("SELECT_V2", options, last=2, condition=lambda condition, result: condition)
