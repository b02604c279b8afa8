"""SLICE: a block of a tensor.

Source: tflite/delegates/gpu/common/model_builder.cc (SliceOperationParser); tflite/kernels/slice.cc.
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
    kernel = moving(_sources)
    for index in ("int32", "int64"):
        yield from move_support(
            "SLICE",
            kernel,
            options,
            f"T {index} {index} -> T",
            last=8,
            constraints=[constant("begin and size", 1, 2)],
        )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    for table, begin, size in zip(tables, ints(op, 1), ints(op, 2), strict=True):
        yield table[begin:] if size == -1 else table[begin : begin + size]
