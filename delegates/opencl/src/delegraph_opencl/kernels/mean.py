"""MEAN: the mean over axes; of no values NaN.

Source: tflite/delegates/gpu/common/model_builder.cc (MeanOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.reduce import Reduction
from ..families.reduce_ops import real_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return real_support("MEAN", Reduction("0", "{0} + {1}", is_mean=True), options, last=3, rtol=2e-5)
