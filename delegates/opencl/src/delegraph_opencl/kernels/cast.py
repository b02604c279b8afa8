"""CAST: the stored numbers in another type; real numbers are cut toward zero, and saturate.

Source: tflite/delegates/gpu/common/model_builder.cc (CastOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport, needs

from ..families.elementwise import counted, elementwise, literal
from ..families.support_rows import EIGHT_BIT, ONE_HALF, STORED_AS_HALF
from ..options import Options
from ..program.node import C_TYPES


def support(options: Options) -> Iterable[OpSupport]:
    whole = f"int32 int64 bool {EIGHT_BIT}" if options.quantized else "int32 int64 bool"
    every, versions = f"float32 float16 {whole}", (1, 9 if options.quantized else 1)
    to_real = elementwise(_number)
    yield OpSupport("CAST", versions, "A -> float32", (), to_real, rtol=_rtol(options, 0), A=every)
    yield OpSupport("CAST", versions, "A -> float16", (), to_real, rtol=_rtol(options, ONE_HALF), A=every)
    yield OpSupport("CAST", versions, "A -> B", (unscaled,), counted(_integer), A=every, B=whole)


def _rtol(options: Options, otherwise: float) -> float:
    return STORED_AS_HALF if options.precision == "float16" else otherwise


@needs("an 8-bit output without a scale")
def unscaled(op: Op) -> str | None:
    out = op.outputs[0]
    return f"{out.scale:g}" if out.dtype in EIGHT_BIT.split() and out.scale else None


def _number(op: Op) -> str:
    """Return the formula of the input's stored number; of a quantized one from the real number."""
    x = op.inputs[0]
    assert x is not None
    if x.dtype not in EIGHT_BIT.split() or not x.scale:
        return "{0}"
    return f"(rint({{0}} * {literal(1 / x.scale)}) + {literal(x.zero_point)})"


def _integer(op: Op) -> str:
    x, out = op.inputs[0], op.outputs[0]
    assert x is not None
    if out.dtype == "bool":
        return f"{_number(op)} != 0"
    number = _number(op)
    if x.dtype not in ("float32", "float16"):
        return f"convert_{C_TYPES[out.dtype]}_sat({number})" if x.scale else f"(T)({number})"
    return f"(isnan({number}) ? {_HIGHEST[out.dtype]} : convert_{C_TYPES[out.dtype]}_sat({number}))"


_HIGHEST = {"int32": "INT_MAX", "int64": "LONG_MAX", "int8": "CHAR_MAX", "uint8": "UCHAR_MAX"}
