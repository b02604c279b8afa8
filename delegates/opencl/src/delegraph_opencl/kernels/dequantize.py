"""DEQUANTIZE: the real numbers that integers with a scale stand for; of float16, the numbers themselves.

Source: tflite/delegates/gpu/common/model_builder.cc (DequantizeOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise
from ..families.support_rows import EIGHT_BIT, STORED_AS_HALF, one_scale
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel, name = elementwise("{0}"), "DEQUANTIZE"
    if options.quantized:
        rtol = STORED_AS_HALF if options.precision == "float16" else 1e-6
        yield OpSupport(name, (1, 9), "T -> float32", [one_scale], kernel, rtol=rtol, T=EIGHT_BIT)
        yield OpSupport(name, (1, 9), "float16 -> float32", (), kernel, rtol=0)
