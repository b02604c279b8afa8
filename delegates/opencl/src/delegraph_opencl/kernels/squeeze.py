"""SQUEEZE: axes of size 1 removed; nothing moves.

Source: tflite/kernels/squeeze.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.move_ops import move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support("SQUEEZE", moving(lambda op, tables: tables), options, "T -> T", last=2)
