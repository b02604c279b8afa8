"""BATCH_TO_SPACE_ND: entries of the batch, interleaved as the positions of blocks.

Source: tflite/delegates/gpu/common/model_builder.cc (BatchToSpaceOperationParser);
tflite/kernels/batch_to_space_nd.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from delegraph import Op, OpSupport
from delegraph.rules import blocks_and_edges, constant

from ..families.move_ops import ints, move_support
from ..families.movement import joined, moving
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("blocks and crops", 1, 2), blocks_and_edges]
    return move_support(
        "BATCH_TO_SPACE_ND",
        moving(_sources),
        options,
        "T int32 int32 -> T",
        last=4,
        constraints=constraints,
    )


def _sources(op: Op, tables: list[np.ndarray]) -> Iterable[np.ndarray]:
    """x: (*blocks, batch, *spatial, *rest) -> (batch, *spatial * block less crops, *rest)."""
    blocks, crops = ints(op, 1), np.reshape(ints(op, 2), (-1, 2))
    batch, spatial = tables[0], tables[1 : len(blocks) + 1]
    count = len(batch) // math.prod(blocks)
    apart = [max(math.prod(blocks[i + 1 :]) * count, 1) for i in range(len(blocks))]  # 0: nothing is moved
    positions = [batch[::step][:n] for step, n in zip(apart, blocks, strict=True)]
    yield batch[:count]
    for axis, places, (before, after) in zip(spatial, positions, crops, strict=True):
        whole = joined(axis, places)
        yield whole[before : len(whole) - after]
    yield from tables[len(blocks) + 1 :]
