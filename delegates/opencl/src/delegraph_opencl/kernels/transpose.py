"""TRANSPOSE: axes in another order.

Source: tflite/delegates/gpu/common/model_builder.cc (TransposeOperationParser);
tflite/kernels/transpose.cc.
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
    constraints = [constant("permutation", 1)]
    return move_support(
        "TRANSPOSE", moving(_sources), options, "T int32 -> T", last=9, constraints=constraints
    )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    return [tables[axis] for axis in ints(op, 1)]
