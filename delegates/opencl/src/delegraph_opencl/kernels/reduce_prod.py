"""REDUCE_PROD: the product over axes.

Source: tflite/delegates/gpu/common/model_builder.cc (ReduceOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.reduce import Reduction
from ..families.reduce_ops import real_support, whole_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    product = Reduction("1", "{0} * {1}", scaled_first=True)
    yield from real_support(
        "REDUCE_PROD", product, options, last=2, rtol=1e-5, half_rtol=2e-2, quantized=""
    )
    yield from whole_support("REDUCE_PROD", "1", "{0} * {1}", options, last=2)
