"""SUB: elementwise difference of two broadcast operands, and a fused activation. Integers wrap.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import known_activation

from ..families.elementwise import activated, counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula, constraints = "{0} - {1}", [known_activation]
    yield from float_support(
        "SUB", elementwise(formula), options, last=5, constraints=constraints, half_rtol=1e-2
    )
    yield from plain_support("SUB", counted(activated(formula)), options, last=5, constraints=constraints)
