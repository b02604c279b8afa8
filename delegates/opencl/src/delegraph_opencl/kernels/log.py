"""LOG: the natural logarithm; of a quantized number that is not positive, the output's lowest.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("LOG", elementwise(_formula), options, "T -> T", quantized="int8")


def _formula(op: Op) -> str:
    return "log(fmax({0}, ({F})(0)))" if op.outputs[0].dtype == "int8" else "log({0})"
