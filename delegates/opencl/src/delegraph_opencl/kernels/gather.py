"""GATHER: slices of a tensor along an axis, picked by index.

Source: tflite/delegates/gpu/common/model_builder.cc (GatherOperationParser); tflite/kernels/gather.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from delegraph import Op, OpSupport
from delegraph.rules import indices_inside, operand_shape, something_to_pick

from ..families.move_ops import axis_of, move_support
from ..families.picked import Picks, picked
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    return move_support(
        "GATHER",
        Kernel(_launches, narrow=True),
        options,
        "T int16|int32|int64 -> T",
        last=8,
        constraints=[indices_inside, something_to_pick(0)],
    )


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, indices = node.input(0), node.input(1)
    return picked(x, indices, node.outputs[0], _picks(node.op), target)


def _picks(op: Op) -> Picks:
    """x: (*batch, *outer, axis, *inner), indices: (*batch, *picks) -> (*batch, *outer, *picks, *inner)."""
    x, indices = operand_shape(op, 0), operand_shape(op, 1)
    axis, batch = axis_of(op.options.axis, len(x)), op.options.batch_dims
    batch += len(indices) if batch < 0 else 0
    outer, inner = math.prod(x[batch:axis]), math.prod(x[axis + 1 :])
    return Picks(outer, math.prod(indices[batch:]), (x[axis],), inner)
