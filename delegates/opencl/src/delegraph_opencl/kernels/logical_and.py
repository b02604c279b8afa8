"""LOGICAL_AND: whether both are true, broadcast.

Source: tflite/kernels/logical.cc (LogicalImpl).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..elementwise import counted
from ..options import Options
from ._rows import plain_rows


def support(options: Options) -> Iterable[OpSupport]:
    return plain_rows("LOGICAL_AND", counted("{0} & {1}"), options, last=1, T="bool")
