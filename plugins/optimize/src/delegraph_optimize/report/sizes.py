"""The size of a model on disk, as it is and compressed, and the share of each op."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from attrs import frozen
from delegraph import Graph, Model, Op, Tensor

_PIECE = 1 << 20  # bytes that are compressed at a time


@frozen
class LayerSize:
    """The constants of one op; those that several ops share count for the first."""

    nbytes: int
    compressed: int


@frozen
class Size:
    """Bytes of a model's file."""

    nbytes: int
    compressed: int  # by deflate, as in a .zip file
    layers: dict[tuple[int, int], LayerSize]  # by subgraph and op


def size_of(model: Model, content: bytes | np.ndarray) -> Size:
    """Return the sizes of a model; ``content`` is its file."""
    view = memoryview(content).cast("B") if isinstance(content, bytes) else content.data.cast("B")
    return Size(view.nbytes, compressed(view), dict(_layers(model)))


def compressed(content: memoryview) -> int:
    """Return how many bytes deflate makes of bytes; a piece at a time, so that none are kept."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    total = 0
    for start in range(0, content.nbytes, _PIECE):
        total += len(packer.compress(content[start : start + _PIECE]))
    return total + len(packer.flush())


def _layers(model: Model) -> Iterator[tuple[tuple[int, int], LayerSize]]:
    counted: set[int] = set()
    for graph in model.subgraphs:
        for op in graph.ops:
            stored = [_stored(model, t) for t in _constants(graph, op) if t.buffer not in counted]
            counted.update(t.buffer for t in _constants(graph, op))
            views = [a.data.cast("B") for a in stored if a is not None and a.nbytes]
            sizes = sum(v.nbytes for v in views), sum(map(compressed, views))
            yield (graph.index, op.index), LayerSize(*sizes)


def _constants(graph: Graph, op: Op) -> list[Tensor]:
    found = []
    for t in op.inputs:
        if t is None or not t.is_constant:
            continue
        found.append(t)
        blocks = None if t.quantization is None else t.quantization.blocks
        found += [] if blocks is None else [b for b in (blocks.scales, blocks.zero_points) if b is not None]
    return found


def _stored(model: Model, tensor: Tensor) -> np.ndarray | None:
    found = model.buffers[tensor.buffer] if tensor.buffer < len(model.buffers) else None
    return None if found is None else np.ascontiguousarray(found)
