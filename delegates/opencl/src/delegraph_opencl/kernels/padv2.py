"""PADV2: a value of one's choice around a tensor.

Source: tflite/delegates/gpu/common/model_builder.cc (PadOperationParser); tflite/kernels/pad.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import OpSupport
from delegraph.rules import constant

from ..families.move_ops import PADDINGS, move_support, padded
from ..families.movement import moved, tables_of
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("paddings and value", 1, 2)]
    return move_support(
        "PADV2",
        Kernel(_launches, narrow=True),
        options,
        f"T {PADDINGS} T -> T",
        last=5,
        constraints=constraints,
    )


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, value = node.input(0), node.input(2)
    y = node.outputs[0]
    sources = padded(node.op, tables_of(x.shape))
    number = value.data().reshape(-1)[0]
    if y.dtype == "real":  # as it is stored
        number = np.float32(number) / np.float32(y.scale)
        number = np.rint(number) if y.levels is not None else number
    return moved(x, y, list(sources), target, fill=number)
