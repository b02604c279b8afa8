"""SELECT: x where the condition holds, else y; a condition of one axis decides for whole rows.

Source: tflite/delegates/gpu/common/model_builder.cc (SelectV2OperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import select_shapes

from ..families.select import select_support
from ..options import Options
from ..program.node import Value


def support(options: Options) -> Iterable[OpSupport]:
    return select_support("SELECT", options, last=4, condition=per_row, constraints=[select_shapes])


def per_row(condition: Value, result: Value) -> Value:
    """Return a condition of one axis as the first axis of a result that has more."""
    if condition.shape in (result.shape, ()):
        return condition
    shape = (*condition.shape, *(1,) * (len(result.shape) - 1))
    return Value(condition.tensor, shape, condition.dtype, base=condition)
