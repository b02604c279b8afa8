"""SUM: the sum of int16 values over axes, times scale_in / scale_out, rounded twice.

LiteRT 2.3.0's ``BUILTIN_REF`` reads int16 as uint8 here; this is what its source means, and what it
computes for uint8. Its default resolver rounds once, in float32: a result may be one step off.

Source: tflite/kernels/reduce.cc (EvalSum), internal/reference/reduce.h (QuantizedMeanOrSum).
"""

from __future__ import annotations

from ._like import like
from ._rules import one_scale_each, symmetric

SUPPORT = [like("SUM", "int8 int32 -> int8", symmetric, one_scale_each)]
