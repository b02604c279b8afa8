"""SQUARED_DIFFERENCE: (x - y)^2 of two broadcast operands.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..elementwise import counted, elementwise
from ..options import Options
from ._rows import float_rows, plain_rows


def support(options: Options) -> Iterable[OpSupport]:
    formula, name = "({0} - {1}) * ({0} - {1})", "SQUARED_DIFFERENCE"
    yield from float_rows(name, elementwise(formula), options, quantized="int8")
    yield from plain_rows(name, counted(formula), options, T="int32")
