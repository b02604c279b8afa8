"""RELU6: x, kept within [0, 6]; NaN stays.

Source: tflite/delegates/gpu/common/model_builder.cc (ReLUOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    formula = "({0} < 0 ? ({F})(0) : {0} > 6 ? ({F})(6) : {0})"
    return float_support("RELU6", elementwise(formula), options, "T -> T", last=3)
