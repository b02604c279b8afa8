"""MAX_POOL_2D: the largest number that a window covers of the image.

Source: tflite/delegates/gpu/common/model_builder.cc (Pooling2DOperationParser); tflite/kernels/pooling.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.pool import pool_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return pool_support("MAX_POOL_2D", "-FLT_MAX", "((v) < (a) ? (a) : (v))", "1", "scale", options)
