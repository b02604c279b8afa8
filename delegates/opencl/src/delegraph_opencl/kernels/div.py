"""DIV: elementwise quotient of two broadcast operands, and a fused activation; integers are cut toward 0.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import known_activation

from ..families.elementwise import activated, counted, elementwise
from ..families.support_rows import float_support, plain_support, safe_divisor
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula, constraints = "{0} / {1}", [known_activation]
    yield from float_support("DIV", elementwise(formula), options, constraints=constraints, quantized="")
    constraints = [known_activation, safe_divisor]
    yield from plain_support(
        "DIV", counted(activated(formula)), options, constraints=constraints, T="int32"
    )
