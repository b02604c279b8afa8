"""LOGICAL_OR: whether either is true, broadcast.

Source: tflite/kernels/logical.cc (LogicalImpl).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted
from ..families.support_rows import plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return plain_support("LOGICAL_OR", counted("{0} | {1}"), options, last=1, T="bool")
