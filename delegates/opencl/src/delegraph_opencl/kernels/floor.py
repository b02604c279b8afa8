"""FLOOR: the largest whole number not above x.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("FLOOR", elementwise("floor({0})"), options, "T -> T", last=1, quantized="")
