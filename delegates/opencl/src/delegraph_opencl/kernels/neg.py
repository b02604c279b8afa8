"""NEG: 0 - x.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from float_support("NEG", elementwise("-{0}"), options, "T -> T", last=1, quantized="")
    yield from plain_support("NEG", counted("-{0}"), options, "T -> T", last=1)
