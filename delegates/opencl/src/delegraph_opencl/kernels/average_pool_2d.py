"""AVERAGE_POOL_2D: the mean of what a window covers of the image; padding does not count.

Source: tflite/delegates/gpu/common/model_builder.cc (Pooling2DOperationParser); tflite/kernels/pooling.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.pool import pool_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return pool_support("AVERAGE_POOL_2D", "0", "(v) + (a)", "(float)(n)", "scale / (float)(n)", options)
