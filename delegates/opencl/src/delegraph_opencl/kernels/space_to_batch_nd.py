"""SPACE_TO_BATCH_ND: the positions of each block, laid out along the batch.

Source: tflite/delegates/gpu/common/model_builder.cc (SpaceToBatchOperationParser);
tflite/kernels/space_to_batch_nd.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport, evolve
from delegraph.rules import blocks_and_edges, constant

from ..families.move_ops import ints, move_support
from ..families.movement import OUTSIDE, moved, tables_of
from ..options import Options
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    constraints = [constant("blocks and paddings", 1, 2), blocks_and_edges]
    return move_support(
        "SPACE_TO_BATCH_ND",
        Kernel(_launches, narrow=True),
        options,
        "T int32 int32 -> T",
        last=4,
        constraints=constraints,
    )


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """Pad the image, then move its pixels."""
    x, y, paddings = node.input(0), node.outputs[0], ints(node.op, 2)
    if any(paddings):
        sources = tables_of(x.shape)
        for axis, pair in enumerate(zip(paddings[::2], paddings[1::2], strict=True), start=1):
            sources[axis] = np.pad(sources[axis], pair, constant_values=OUTSIDE)
        padded = evolve(x, shape=tuple(map(len, sources)), base=None, offset=0)
        yield from moved(x, padded, sources, target)
        x = padded
    yield from moved(x, y, _sources(tables_of(x.shape), ints(node.op, 1)), target)


def _sources(tables: list[np.ndarray], blocks: list[int]) -> list[np.ndarray]:
    """x: (batch, *spatial, *rest) -> (*blocks, batch, *spatial / block, *rest)."""
    batch, spatial, rest = tables[0], tables[1 : len(blocks) + 1], tables[len(blocks) + 1 :]
    pairs = list(zip(spatial, blocks, strict=True))
    return [*(t[:n] for t, n in pairs), batch, *(t[::n] for t, n in pairs), *rest]
