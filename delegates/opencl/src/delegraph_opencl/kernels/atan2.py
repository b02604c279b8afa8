"""ATAN2: the angle of the point (x, y), from y and x.

Source: tflite/kernels/atan2.cc (Atan2Eval).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..elementwise import elementwise
from ..options import Options
from ._rows import float_rows


def support(options: Options) -> Iterable[OpSupport]:
    return float_rows("ATAN2", elementwise("atan2({0}, {1})"), options, last=1, quantized="")
