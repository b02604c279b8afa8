"""SQRT: the square root of int16 values, in float32, cut to an integer; a negative value is an error.

Source: tflite/kernels/elementwise.cc (SqrtEvalQuantized).
"""

from __future__ import annotations

from ._like import like
from ._rules import one_scale_each, symmetric

SUPPORT = [like("SQRT", "int8 -> int8", symmetric, one_scale_each)]
