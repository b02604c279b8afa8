"""GATHER_ND: elements or slices of a tensor, picked by tuples of indices.

Source: tflite/kernels/gather_nd.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from delegraph import OpSupport
from delegraph.rules import indices_for_axes, something_to_pick, tuples_inside

from ..families.move_ops import move_support
from ..families.picked import Picks, picked
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    types, constraints = "T int16|int32|int64 -> T", [indices_for_axes, tuples_inside, something_to_pick(0)]
    return move_support(
        "GATHER_ND", Kernel(_launches, narrow=True), options, types, last=6, constraints=constraints
    )


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, indices = node.input(0), node.input(1)
    depth = indices.shape[-1]
    picks = Picks(1, math.prod(indices.shape[:-1]), x.shape[:depth], math.prod(x.shape[depth:]))
    return picked(x, indices, node.outputs[0], picks, target)
