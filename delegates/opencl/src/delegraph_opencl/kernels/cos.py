"""COS: the cosine.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support(
        "COS", elementwise(_COSINE), options, "T -> T", last=2, quantized="", half_rtol=1e-2
    )


# In a vector with a number above 2^31, PoCL's cos of those near 0 is wrong: off by as much as 1e-4.
_SERIES = f"(({{F}})(1) - {{0}} * {{0}} * ({literal(0.5)} - {{0}} * {{0}} * {literal(1 / 24)}))"
_COSINE = f"(fabs({{0}}) < {literal(1 / 64)} ? {_SERIES} : cos({{0}}))"
