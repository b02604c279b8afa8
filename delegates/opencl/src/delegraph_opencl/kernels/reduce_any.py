"""REDUCE_ANY: whether any value is true over axes.

Source: tflite/kernels/reduce.cc (EvalLogic).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.reduce_ops import whole_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return whole_support("REDUCE_ANY", "0", "{0} | {1}", options, last=1, T="bool")
