"""REVERSE_V2: a tensor read backwards along some axes.

Source: ml_drift_delegate/tflite/model_builder.cc; tflite/kernels/reverse.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import axes_inside, constant

from ..families.move_ops import axis_of, ints, move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("axes", 1), axes_inside(1)]
    return move_support(
        "REVERSE_V2", moving(_sources), options, "T int32 -> T", last=4, constraints=constraints
    )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    backwards = {axis_of(axis, len(tables)) for axis in ints(op, 1)}
    return [table[::-1] if axis in backwards else table for axis, table in enumerate(tables)]
