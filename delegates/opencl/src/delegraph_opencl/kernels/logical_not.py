"""LOGICAL_NOT: whether x is false.

Source: tflite/kernels/elementwise.cc (LogicalNotEval).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted
from ..families.support_rows import plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return plain_support("LOGICAL_NOT", counted("!{0}"), options, "T -> T", last=1, T="bool")
