"""SPACE_TO_DEPTH: blocks of pixels laid out as channels.

Source: tflite/kernels/space_to_depth.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs

from ..kernel import Kernel
from ._movement import EVERY_TYPE, shape_of


def prepare(op: Op) -> Kernel:
    """x: (batch, height * block, width * block, depth) -> (batch, height, width, block * block * depth)."""
    batch, height, width, depth = shape_of(op.inputs[0])
    block = op.options.block_size
    height, width = height // block, width // block

    def run(x: np.ndarray) -> tuple[np.ndarray]:
        blocks = x.reshape(batch, height, block, width, block, depth).transpose(0, 1, 3, 2, 4, 5)
        return (blocks.reshape(batch, height, width, block * block * depth),)

    return run


@needs("4 axes and an image that blocks divide")
def image_of_blocks(op: Op) -> str | None:
    shape, block = shape_of(op.inputs[0]), op.options.block_size
    fits = len(shape) == 4 and block > 0 and shape[1] % block == 0 == shape[2] % block
    return None if fits else f"shape {shape} and block {block}"


SUPPORT = [
    OpSupport("SPACE_TO_DEPTH", (1, 2), "T -> T", T=EVERY_TYPE, where=(image_of_blocks,), kernel=prepare)
]
