"""ADD: elementwise sum of two broadcast operands, and a fused activation. Integers wrap.

Source: tflite/delegates/gpu/common/model_builder.cc (AddOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import known_activation

from ..families.elementwise import activated, counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula, constraints = "{0} + {1}", [known_activation]
    yield from float_support(
        "ADD", elementwise(formula), options, last=6, constraints=constraints, half_rtol=1e-2
    )
    yield from plain_support("ADD", counted(activated(formula)), options, last=6, constraints=constraints)
