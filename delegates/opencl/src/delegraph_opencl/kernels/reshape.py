"""RESHAPE: the same values in another shape; nothing moves.

Source: tflite/delegates/gpu/common/model_builder.cc (ReshapeOperationParser).
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.move_ops import move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support("RESHAPE", moving(lambda op, tables: tables), options, "T int32? -> T", last=1)
