"""SUM: the sum over axes.

Source: tflite/delegates/gpu/common/model_builder.cc (ReduceOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.reduce import Reduction
from ..families.reduce_ops import real_support, whole_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from real_support("SUM", Reduction("0", "{0} + {1}"), options, last=2, rtol=2e-5)
    yield from whole_support("SUM", "0", "{0} + {1}", options, last=2)
