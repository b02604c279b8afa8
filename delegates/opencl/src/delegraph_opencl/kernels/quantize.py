"""QUANTIZE: real numbers, or numbers quantized otherwise, as integers with a scale; rounded to the nearest.

Source: tflite/delegates/gpu/common/model_builder.cc (QuantizeOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise
from ..families.reach import within_reach
from ..families.support_rows import EIGHT_BIT, one_scale
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel = elementwise("{0}")
    if options.quantized:
        yield OpSupport(
            "QUANTIZE", (1, 6), "A -> B", [one_scale, within_reach], kernel, steps=1, A=_FROM, B=EIGHT_BIT
        )


_FROM = "float32 float16 int8 uint8"
