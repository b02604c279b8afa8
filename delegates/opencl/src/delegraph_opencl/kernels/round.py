"""ROUND: the nearest whole number, of two the even one.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("ROUND", elementwise(_ROUNDED), options, "T -> T", last=1, quantized="")


# What is rounded to zero is 0, of either sign; -0 itself stays.
_ROUNDED = "({0} == 0 ? {0} : rint({0}) + ({F})(0))"
