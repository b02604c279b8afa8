"""RELU: x, or 0 below 0.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("RELU", elementwise("({0} < 0 ? ({F})(0) : {0})"), options, "T -> T", last=3)
