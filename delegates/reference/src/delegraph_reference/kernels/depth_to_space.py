"""DEPTH_TO_SPACE: channels laid out as blocks of pixels.

Source: tflite/kernels/depth_to_space.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import channels_of_blocks, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    """x: (batch, height, width, block * block * depth) -> (batch, height * block, width * block, depth)."""
    batch, height, width, channels = shape_of(op.inputs[0])
    block = op.options.block_size
    depth = channels // (block * block)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        blocks = x.reshape(batch, height, width, block, block, depth).transpose(0, 1, 3, 2, 4, 5)
        return (blocks.reshape(batch, height * block, width * block, depth),)

    return run


SUPPORT = [
    OpSupport(
        "DEPTH_TO_SPACE", (1, 2), "T -> T", T=EVERY_TYPE, constraints=(channels_of_blocks,), kernel=prepare
    )
]
