"""REDUCE_MIN: the smallest int16 value over axes.

Source: tflite/kernels/reduce.cc (EvalType).
"""

from __future__ import annotations

from delegraph_reference import row_of

from ._like import like
from ._rules import symmetric

_TYPES = "int8 int32 -> int8"
SUPPORT = [like("REDUCE_MIN", _TYPES, *row_of("REDUCE_MIN", _TYPES).where, symmetric)]
