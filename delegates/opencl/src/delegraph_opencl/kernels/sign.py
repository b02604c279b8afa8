"""SIGN: -1, 0 or 1.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from float_support("SIGN", elementwise(_REAL), options, "T -> T", last=2, quantized="")
    yield from plain_support("SIGN", counted("({0} > 0) - ({0} < 0)"), options, "T -> T", last=2, T="int32")


# Of NaN NaN, and of a zero 0.
_REAL = "({0} > 0 ? ({F})(1) : {0} < 0 ? ({F})(-1) : {0} + ({F})(0))"
