"""SQUARED_DIFFERENCE: (x - y)^2 of two broadcast operands.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula, name = "({0} - {1}) * ({0} - {1})", "SQUARED_DIFFERENCE"
    yield from float_support(name, elementwise(formula), options, quantized="int8")
    yield from plain_support(name, counted(formula), options, T="int32")
