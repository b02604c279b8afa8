"""EXPAND_DIMS: a new axis of size 1; nothing moves.

Source: tflite/kernels/expand_dims.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.move_ops import move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support(
        "EXPAND_DIMS", moving(lambda op, tables: tables), options, "T int32|int64 -> T", last=1
    )
