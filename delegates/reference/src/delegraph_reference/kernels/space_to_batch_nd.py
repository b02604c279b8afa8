"""SPACE_TO_BATCH_ND: the positions of each block, laid out along the batch.

Source: tflite/kernels/space_to_batch_nd.cc, internal/reference/space_to_batch_nd.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport
from delegraph.rules import same_quantization, shape_of

from ..kernel import Kernel
from ._batches import SpatialBlocks, blocks_of
from ._movement import EVERY_TYPE, once, zero_of


def prepare(op: Op) -> Kernel:
    """x: (batch, *spatial, *rest) -> (blocks * batch, *spatial / block, *rest), zeros padded first.

    A zero is the output's zero point where that is quantized.
    """
    shape, zero_point = shape_of(op.inputs[0]), op.outputs[0].zero_point
    blocks = once(lambda sizes, paddings: blocks_of(shape, sizes, paddings), *op.inputs[1:])

    def run(x: np.ndarray, sizes: np.ndarray, paddings: np.ndarray) -> tuple[np.ndarray]:
        spec = blocks(sizes, paddings)
        return (_spread(_padded(x, spec, zero_point or zero_of(x.dtype)), spec),)

    return run


def _padded(x: np.ndarray, blocks: SpatialBlocks, zero: object) -> np.ndarray:
    if not any(blocks.before + blocks.after):
        return x
    spatial = x.shape[1 : len(blocks.sizes) + 1]
    inside = [slice(None)] + [slice(b, b + d) for d, b in zip(spatial, blocks.before, strict=True)]
    padded = [d + b + a for d, b, a in zip(spatial, blocks.before, blocks.after, strict=True)]
    out = np.full((x.shape[0], *padded, *x.shape[len(padded) + 1 :]), zero, x.dtype)
    out[tuple(inside)] = x
    return out


def _spread(x: np.ndarray, blocks: SpatialBlocks) -> np.ndarray:
    m = len(blocks.sizes)
    batch, spatial, rest = x.shape[0], x.shape[1 : m + 1], x.shape[m + 1 :]
    if any(d % n for d, n in zip(spatial, blocks.sizes, strict=True)):
        raise InputError(f"needs padded axes that blocks {blocks.sizes} divide, found sizes {spatial}")
    outer = [d // n for d, n in zip(spatial, blocks.sizes, strict=True)]
    pairs = [size for pair in zip(outer, blocks.sizes, strict=True) for size in pair]
    inner_axes, outer_axes = range(2, 2 * m + 1, 2), range(1, 2 * m, 2)
    rest_axes = range(2 * m + 1, 2 * m + 1 + len(rest))
    moved = x.reshape(batch, *pairs, *rest).transpose(*inner_axes, 0, *outer_axes, *rest_axes)
    return np.asarray(moved.reshape(batch * blocks.count, *outer, *rest))


SUPPORT = [
    OpSupport(
        "SPACE_TO_BATCH_ND",
        (1, 4),
        "T int32 int32 -> T",
        T=EVERY_TYPE,
        constraints=(same_quantization(slice(1)),),
        kernel=prepare,
    )
]
