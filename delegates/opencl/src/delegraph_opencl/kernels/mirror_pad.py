"""MIRROR_PAD: a tensor continued by its own reflection.

Source: tflite/delegates/gpu/common/model_builder.cc (MirrorPadOperationParser);
tflite/kernels/mirror_pad.cc.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import constant, reflected_inside

from ..families.move_ops import ints, move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("paddings", 1), reflected_inside]
    types = "T int32|int64 -> T"
    return move_support("MIRROR_PAD", moving(_sources), options, types, last=3, constraints=constraints)


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    """REFLECT leaves the edge itself out of the reflection, SYMMETRIC repeats it."""
    mode: Any = "reflect" if op.options.mode == "REFLECT" else "symmetric"
    for table, paddings in zip(tables, np.reshape(ints(op, 1), (-1, 2)), strict=True):
        yield np.pad(table, paddings, mode) if any(paddings) else table
