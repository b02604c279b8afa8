"""ELU: x, or exp(x) - 1 below 0.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("ELU", elementwise(_ELU), options, "T -> T", last=1, quantized="int8")


def _series(terms: int) -> str:
    """Return exp(x) - 1 near 0: x (1 + x / 2 (1 + x / 3 (1 + ...)))."""
    text = "({F})(1)"
    for n in range(terms, 1, -1):
        text = f"(({{F}})(1) + {{0}} * {literal(1 / n)} * {text})"
    return f"{{0}} * {text}"


# Near 0 exp(x) - 1 would lose digits; expm1 takes five times as long.
_ELU = f"({{0}} > 0 ? {{0}} : {{0}} > {literal(-0.3)} ? {_series(7)} : exp({{0}}) - ({{F}})(1))"
