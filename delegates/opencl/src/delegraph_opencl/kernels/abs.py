"""ABS: the absolute value.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from float_support("ABS", elementwise("fabs({0})"), options, "T -> T", last=5, quantized="int8")
    yield from plain_support("ABS", counted("abs({0})"), options, "T -> T", last=5, T="int32")
