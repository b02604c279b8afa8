"""DEPTH_TO_SPACE: channels laid out as blocks of pixels.

Source: tflite/kernels/depth_to_space.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs

from ..kernel import Kernel
from ._movement import EVERY_TYPE, shape_of


def prepare(op: Op) -> Kernel:
    """x: (batch, height, width, block * block * depth) -> (batch, height * block, width * block, depth)."""
    batch, height, width, channels = shape_of(op.inputs[0])
    block = op.options.block_size
    depth = channels // (block * block)

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        blocks = x.reshape(batch, height, width, block, block, depth).transpose(0, 1, 3, 2, 4, 5)
        return (blocks.reshape(batch, height * block, width * block, depth),)

    return run


@needs("4 axes and channels that blocks divide")
def channels_of_blocks(op: Op) -> str | None:
    shape, block = shape_of(op.inputs[0]), op.options.block_size
    fits = len(shape) == 4 and block > 0 and shape[3] % (block * block) == 0
    return None if fits else f"shape {shape} and block {block}"


SUPPORT = [
    OpSupport("DEPTH_TO_SPACE", (1, 2), "T -> T", T=EVERY_TYPE, where=(channels_of_blocks,), kernel=prepare)
]
