"""ARG_MAX: where along an axis the largest value stands first.

Source: tflite/kernels/arg_min_max.cc (Eval).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.arg import arg_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return arg_support("ARG_MAX", ">", "-", options)
