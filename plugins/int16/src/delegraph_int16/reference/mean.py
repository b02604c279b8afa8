"""MEAN: the mean over axes. A sum that int32 does not hold is right here; LiteRT's wraps.

Source: tflite/kernels/reduce.cc (EvalMean), internal/reference/reduce.h (QuantizedMeanOrSum).
"""

from __future__ import annotations

from ._like import like
from ._rectified import fitting_factor
from ._rules import one_scale_each, symmetric

SUPPORT = [like("MEAN", "int8 int32 -> int8", symmetric, one_scale_each, fitting_factor)]
