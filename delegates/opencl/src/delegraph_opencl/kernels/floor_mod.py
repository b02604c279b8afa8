"""FLOOR_MOD: x - y * floor(x / y), broadcast: the rest, with the sign of y.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support, safe_divisor
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from float_support("FLOOR_MOD", elementwise(_REAL), options, quantized="")
    yield from plain_support("FLOOR_MOD", counted(_WHOLE), options, constraints=[safe_divisor])


_REST = "fmod({0}, {1})"  # with the sign of x
_REAL = f"({_REST} != 0 & ({_REST} < 0) != ({{1}} < 0) ? {_REST} + {{1}} : {_REST})"
_WHOLE = "{0} % {1} + ({0} % {1} != 0 && ({0} < 0) != ({1} < 0) ? {1} : 0)"
