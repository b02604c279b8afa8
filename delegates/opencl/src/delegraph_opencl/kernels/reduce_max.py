"""REDUCE_MAX: the largest value over axes; NaN is passed over.

Source: tflite/delegates/gpu/common/model_builder.cc (ReduceOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.reduce import Reduction
from ..families.reduce_ops import real_support, whole_support
from ..families.support_rows import same_quantization
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    combine = "max({0}, {1})"
    how, alike = Reduction("-FLT_MAX", "({1} > {0} ? {1} : {0})", first_zero=True), [same_quantization]
    yield from real_support("REDUCE_MAX", how, options, last=3, quantized_constraints=alike)
    yield from whole_support("REDUCE_MAX", None, combine, options, last=3, T="int32 int64 bool")
