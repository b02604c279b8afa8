"""SPACE_TO_DEPTH: blocks of pixels laid out as channels.

Source: tflite/kernels/space_to_depth.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import image_of_blocks, shape_of

from ..kernel import Kernel
from ._movement import EVERY_TYPE


def prepare(op: Op) -> Kernel:
    """x: (batch, height * block, width * block, depth) -> (batch, height, width, block * block * depth)."""
    batch, height, width, depth = shape_of(op.inputs[0])
    block = op.options.block_size
    height, width = height // block, width // block

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        blocks = x.reshape(batch, height, block, width, block, depth).transpose(0, 1, 3, 2, 4, 5)
        return (blocks.reshape(batch, height, width, block * block * depth),)

    return run


SUPPORT = [
    OpSupport(
        "SPACE_TO_DEPTH", (1, 2), "T -> T", T=EVERY_TYPE, constraints=(image_of_blocks,), kernel=prepare
    )
]
