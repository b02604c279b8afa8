"""TILE: a tensor repeated along each axis.

Source: tflite/delegates/gpu/common/model_builder.cc (TileOperationParser); tflite/kernels/tile.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import constant

from ..families.move_ops import ints, move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("multiples", 1)]
    return move_support(
        "TILE", moving(_sources), options, "T int32|int64 -> T", last=3, constraints=constraints
    )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    return [np.tile(table, times) for table, times in zip(tables, ints(op, 1), strict=True)]
