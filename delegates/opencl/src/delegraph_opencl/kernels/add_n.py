"""ADD_N: the sum of tensors of one shape.

Source: tflite/delegates/gpu/common/model_builder.cc (AddNOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_rows, plain_rows
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from float_rows("ADD_N", elementwise(_sum), options, _TYPES, last=1, quantized="")
    yield from plain_rows("ADD_N", counted(_sum), options, _TYPES, last=1, T="int32")


def _sum(op: Op) -> str:
    return " + ".join(f"{{{i}}}" for i in range(len(op.inputs)))


_TYPES = "T T T* -> T"
