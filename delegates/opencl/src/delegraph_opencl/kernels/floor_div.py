"""FLOOR_DIV: the largest whole number not above x / y, broadcast.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, nonzero_divisor, plain_support, safe_divisor
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    kernel, constraints = elementwise(_REAL), [nonzero_divisor]
    yield from float_support("FLOOR_DIV", kernel, options, last=3, constraints=constraints, quantized="")
    yield from plain_support(
        "FLOOR_DIV", counted(_WHOLE), options, last=3, constraints=[safe_divisor], T="int32"
    )


_QUOTIENT = "floor({0} / {1})"
# Exact: of the other sign than the divisor where the quotient was rounded up to a whole number.
_REST = f"fma(-{_QUOTIENT}, {{1}}, {{0}})"
_HAS_REST = f"({_REST} < 0 | {_REST} > 0)"  # NaN, where an operand is infinite, is none
_REAL = f"({_QUOTIENT} - (({_REST} < 0) != ({{1}} < 0) & {_HAS_REST} ? ({{F}})(1) : ({{F}})(0)))"
_WHOLE = "{0} / {1} - ({0} % {1} != 0 && ({0} < 0) != ({1} < 0))"
