"""DEPTH_TO_SPACE: channels laid out as blocks of pixels.

Source: tflite/delegates/gpu/common/model_builder.cc (DepthToSpaceOperationParser);
tflite/kernels/depth_to_space.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import channels_of_blocks

from ..families.move_ops import move_support
from ..families.movement import moving, tables_of
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support(
        "DEPTH_TO_SPACE", moving(_sources), options, last=2, constraints=[channels_of_blocks]
    )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    """x: (batch, height, width, block, block, depth) -> (batch, height, block, width, block, depth)."""
    batch, height, width, channels = tables
    block = op.options.block_size
    rows, columns, depth = tables_of((block, block, len(channels) // block**2))
    return [batch, height, rows, width, columns, depth]
