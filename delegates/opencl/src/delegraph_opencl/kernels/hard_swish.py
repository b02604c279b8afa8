"""HARD_SWISH: x * min(max(x + 3, 0), 6) / 6.

Source: tflite/delegates/gpu/common/model_builder.cc (HardSwishOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    gate = "fmin(fmax({0} + ({F})(3), ({F})(0)), ({F})(6))"
    formula = f"{{0}} * {gate} * {literal(1 / 6)}"
    return float_support("HARD_SWISH", elementwise(formula), options, "T -> T", last=1)
