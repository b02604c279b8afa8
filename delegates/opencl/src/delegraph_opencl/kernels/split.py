"""SPLIT: equal parts of a tensor along an axis.

Source: tflite/delegates/gpu/common/model_builder.cc (SplitOperationParser); tflite/kernels/split.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import constant, outputs_for_splits

from ..families.move_ops import ints, move_support, parting
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("axis", 0), outputs_for_splits]
    return move_support(
        "SPLIT",
        parting(1, lambda op: ints(op, 0)[0]),
        options,
        "int32 T -> T*",
        last=5,
        constraints=constraints,
    )
