"""BROADCAST_TO: a tensor repeated along its axes of size 1 and along new leading ones.

Source: tflite/kernels/broadcast_to.cc.
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
    constraints = [constant("shape", 1)]
    types = "T int32|int64 -> T"
    return move_support("BROADCAST_TO", moving(_sources), options, types, 4, constraints, first=(2, 2))


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    shape = ints(op, 1)
    tables = [np.zeros(1, np.int64)] * (len(shape) - len(tables)) + tables
    return [np.broadcast_to(table, (size,)) for table, size in zip(tables, shape, strict=True)]
