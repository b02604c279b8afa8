"""ZEROS_LIKE: zeros in the shape of x.

Source: tflite/kernels/zeros_like.cc (Eval).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.elementwise import counted, elementwise
from ..families.support_rows import float_support, plain_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    yield from float_support("ZEROS_LIKE", elementwise("({F})(0)"), options, "T -> T", last=1, quantized="")
    yield from plain_support("ZEROS_LIKE", counted("0"), options, "T -> T", last=1)
