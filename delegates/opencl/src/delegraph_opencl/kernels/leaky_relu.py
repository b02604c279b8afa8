"""LEAKY_RELU: x, or alpha * x below 0.

Source: tflite/delegates/gpu/common/model_builder.cc (ReLUOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("LEAKY_RELU", elementwise(_formula), options, "T -> T")


def _formula(op: Op) -> str:
    return f"({{0}} > 0 ? {{0}} : {{0}} * {literal(op.options.alpha)})"
