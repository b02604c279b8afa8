"""PRELU: x, or alpha * x below 0, with an alpha for each channel or any part of the tensor.

Source: tflite/delegates/gpu/common/model_builder.cc (PReLUOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import broadcast_alpha

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel = elementwise("({0} < 0 ? {0} * {1} : {0})")
    return float_support("PRELU", kernel, options, last=1, constraints=[broadcast_alpha])
