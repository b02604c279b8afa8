"""PAD: zeros around a tensor.

Source: tflite/delegates/gpu/common/model_builder.cc (PadOperationParser); tflite/kernels/pad.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..movement import moving
from ..options import Options
from ._moves import PADDINGS, constants, move_rows, padded


def support(options: Options) -> Iterable[OpSupport]:
    where = [constants("paddings", 1)]
    return move_rows("PAD", moving(padded), options, f"T {PADDINGS} -> T", last=5, where=where)
