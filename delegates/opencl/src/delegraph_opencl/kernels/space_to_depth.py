"""SPACE_TO_DEPTH: blocks of pixels laid out as channels.

Source: tflite/delegates/gpu/common/model_builder.cc (SpaceToDepthOperationParser);
tflite/kernels/space_to_depth.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import image_of_blocks

from ..families.move_ops import move_support
from ..families.movement import moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support("SPACE_TO_DEPTH", moving(_sources), options, last=2, constraints=[image_of_blocks])


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    """x: (batch, height, block, width, block, depth) -> (batch, height, width, block, block, depth)."""
    batch, height, width, depth = tables
    block = op.options.block_size
    return [batch, height[::block], width[::block], height[:block], width[:block], depth]
