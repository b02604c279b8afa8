"""PACK: tensors of one shape, stacked along a new axis.

Source: tflite/delegates/gpu/common/model_builder.cc (PackOperationParser); tflite/kernels/pack.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from delegraph import OpSupport

from ..families.move_ops import axis_of, move_support, stacked
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    return move_support("PACK", Kernel(_launches, narrow=True), options, "T T* -> T", last=5)


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    rank = len(node.outputs[0].shape)
    return stacked(node, target, axis_of(node.op.options.axis, rank), [1] * len(node.inputs))
