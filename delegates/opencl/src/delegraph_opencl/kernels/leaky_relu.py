"""LEAKY_RELU: x, or alpha * x below 0.

Source: tflite/delegates/gpu/common/model_builder.cc (ReLUOperationParser).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from delegraph import Op, OpSupport, needs

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel = elementwise(_formula)
    return float_support("LEAKY_RELU", kernel, options, "T -> T", quantized_constraints=[finite_alpha])


@needs("an alpha that is finite")
def finite_alpha(op: Op) -> str | None:
    return None if math.isfinite(op.options.alpha) else f"{op.options.alpha}"


def _formula(op: Op) -> str:
    return f"({{0}} > 0 ? {{0}} : {{0}} * {literal(op.options.alpha)})"
