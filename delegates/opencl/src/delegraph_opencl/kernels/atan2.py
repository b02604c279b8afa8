"""ATAN2: the angle of the point (x, y), from y and x.

Source: tflite/kernels/atan2.cc (Atan2Eval).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import same_shape

from ..families.elementwise import elementwise
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support(
        "ATAN2", elementwise("atan2({0}, {1})"), options, last=1, constraints=[same_shape], quantized=""
    )
