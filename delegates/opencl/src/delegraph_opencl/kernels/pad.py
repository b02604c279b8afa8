"""PAD: zeros around a tensor.

Source: tflite/delegates/gpu/common/model_builder.cc (PadOperationParser); tflite/kernels/pad.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import constant

from ..families.move_ops import PADDINGS, move_support, padded
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("paddings", 1)]
    return move_support(
        "PAD", moving(padded), options, f"T {PADDINGS} -> T", last=5, constraints=constraints
    )
