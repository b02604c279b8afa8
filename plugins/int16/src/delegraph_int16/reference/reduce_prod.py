"""REDUCE_PROD: the product of int16 values over axes, scaled after each factor; without scales it wraps.

Source: tflite/kernels/reduce.cc (EvalProd), internal/reference/reduce.h (QuantizedReduceProd).
"""

from __future__ import annotations

from delegraph_reference import row_of

from ._like import like
from ._rules import symmetric, unscaled

_QUANTIZED = "int8 int32 -> int8"

SUPPORT = [
    like("REDUCE_PROD", _QUANTIZED, *row_of("REDUCE_PROD", _QUANTIZED).where, symmetric),
    like("REDUCE_PROD", "int64 int32 -> int64", unscaled, of="int64"),
]
