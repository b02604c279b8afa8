"""BATCH_TO_SPACE_ND: entries of the batch, interleaved as the positions of blocks.

Source: tflite/kernels/batch_to_space_nd.cc, internal/reference/batch_to_space_nd.h.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, shape_text
from delegraph.rules import same_quantization, shape_of

from ..kernel import Kernel
from ._batches import SpatialBlocks, blocks_of
from ._movement import EVERY_TYPE, once


def prepare(op: Op) -> Kernel:
    """x: (blocks * batch, *spatial, *rest) -> (batch, *spatial * block less crops, *rest)."""
    shape = shape_of(op.inputs[0])
    blocks = once(lambda sizes, crops: blocks_of(shape, sizes, crops), *op.inputs[1:])

    def run(x: np.ndarray, sizes: np.ndarray, crops: np.ndarray) -> tuple[np.ndarray]:
        spec = blocks(sizes, crops)
        return (_cropped(_gathered(x, spec), spec),)

    return run


def _gathered(x: np.ndarray, blocks: SpatialBlocks) -> np.ndarray:
    m = len(blocks.sizes)
    batch, odd = divmod(x.shape[0], blocks.count)
    if odd:
        raise InputError(f"needs a batch that {blocks.count} divides, found {x.shape[0]}")
    spatial, rest = x.shape[1 : m + 1], x.shape[m + 1 :]
    pairs = [axis for i in range(m) for axis in (m + 1 + i, i)]
    moved = x.reshape(*blocks.sizes, batch, *spatial, *rest)
    moved = moved.transpose(m, *pairs, *range(2 * m + 1, 2 * m + 1 + len(rest)))
    return np.asarray(
        moved.reshape(batch, *[d * n for d, n in zip(spatial, blocks.sizes, strict=True)], *rest)
    )


def _cropped(x: np.ndarray, blocks: SpatialBlocks) -> np.ndarray:
    spatial = zip(x.shape[1:], blocks.before, blocks.after, strict=False)
    cuts = [slice(None)] + [slice(before, size - after) for size, before, after in spatial]
    if any(cut.start > cut.stop for cut in cuts[1:]):
        raise InputError(
            f"needs crops inside shape {shape_text(x.shape)}, found {blocks.before} and {blocks.after}"
        )
    return np.asarray(x[tuple(cuts)])


SUPPORT = [
    OpSupport(
        "BATCH_TO_SPACE_ND",
        (1, 4),
        "T int32 int32 -> T",
        T=EVERY_TYPE,
        constraints=(same_quantization(slice(1)),),
        kernel=prepare,
    )
]
