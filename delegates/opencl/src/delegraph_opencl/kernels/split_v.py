"""SPLIT_V: parts of given sizes of a tensor along an axis.

Source: tflite/delegates/gpu/common/model_builder.cc (SplitVOperationParser); tflite/kernels/split_v.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import constant, outputs_for_splits, size_for_each

from ..families.move_ops import ints, move_support, parting
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("sizes and axis", 1, 2), outputs_for_splits, size_for_each]
    types = "T int32|int64 int32 -> T*"
    return move_support(
        "SPLIT_V", parting(0, lambda op: ints(op, 2)[0]), options, types, last=3, constraints=constraints
    )
