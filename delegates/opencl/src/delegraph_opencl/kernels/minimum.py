"""MINIMUM: the smaller of two broadcast operands; the second where either is NaN.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support, same_quantization
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula, constraints = "({0} < {1} ? {0} : {1})", [same_quantization]
    kernel = elementwise(formula)
    yield from float_support("MINIMUM", kernel, options, last=4, quantized_constraints=constraints)
    yield from plain_support("MINIMUM", counted(formula), options, last=4)
