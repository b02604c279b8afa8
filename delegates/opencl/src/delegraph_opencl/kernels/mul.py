"""MUL: elementwise product of two broadcast operands, and a fused activation. Integers wrap.

Source: tflite/delegates/gpu/common/model_builder.cc (MulOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import known_activation

from ..families.elementwise import activated, counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula, constraints = "{0} * {1}", [known_activation]
    yield from float_support("MUL", elementwise(formula), options, last=8, constraints=constraints)
    yield from plain_support("MUL", counted(activated(formula)), options, last=8, constraints=constraints)
