"""Sparse constants: the stored values, and the levels of dense and compressed indices that place them.

Source: tflite/kernels/internal/utils/sparsity_format_converter.cc (SparseToDense, Populate).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from delegraph import InputError, Record, Tensor, shape_text


def dense(tensor: Tensor) -> np.ndarray:
    """Return the values of a sparse constant in its shape, zeros where it stores none.

    The levels of the sparsity are the tensor's axes and then the axes inside a block, in the order of
    ``traversal_order``; block axis i belongs to the tensor's axis ``block_map[i]``.
    """
    shape, sparsity = tensor.shape, tensor.sparsity
    assert tensor.data is not None
    assert shape is not None
    assert sparsity is not None
    order, blocked = _numbers(sparsity.traversal_order), _numbers(sparsity.block_map)
    levels = len(sparsity.dim_metadata)
    if sorted(order) != list(range(len(shape) + len(blocked))) or len(order) != levels:
        raise InputError(
            f"needs a level for each axis of {shape_text(shape)} and {blocked}, found {order} of {levels}"
        )
    if any(not 0 <= axis < len(shape) for axis in blocked):
        raise InputError(f"needs blocks along axes of {shape_text(shape)}, found {blocked}")
    places = _places(sparsity.dim_metadata, math.prod(shape))
    along = dict(zip(order, places, strict=True))
    sizes = {level: dim.dense_size for level, dim in zip(order, sparsity.dim_metadata, strict=True)}
    index = [along[axis] for axis in range(len(shape))]
    for i, axis in enumerate(blocked):
        index[axis] = index[axis] * sizes[len(shape) + i] + along[len(shape) + i]
    return _scattered(tensor.data.reshape(-1), shape, index)


def _places(levels: list[Record], most: int) -> list[np.ndarray]:
    """Return for each level the index there of every stored value, in the order of storage."""
    nodes, places = np.zeros(1, np.int64), list[np.ndarray]()
    for level in levels:
        if level.format == "DENSE":
            parents = np.repeat(np.arange(len(nodes)), _bounded(level.dense_size, len(nodes), most))
            found = np.tile(np.arange(level.dense_size), len(nodes))
            nodes = nodes[parents] * level.dense_size + found
        else:
            segments, indices = _numbers(level.array_segments.values), _numbers(level.array_indices.values)
            parents, nodes = _children(nodes, np.array(segments, np.int64), len(indices))
            found = np.array(indices, np.int64)[nodes]
        places = [place[parents] for place in places] + [found]
    return places


def _bounded(size: int, times: int, most: int) -> int:
    if size < 0 or size * times > most:
        raise InputError(f"needs blocks of {most} values in all, found {times} times {size}")
    return size


def _children(nodes: np.ndarray, segments: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the children of ``nodes`` (node n has segments[n] to segments[n + 1]) and their parents."""
    if (nodes.size and nodes.max() + 1 >= len(segments)) or (np.diff(segments, prepend=0) < 0).any():
        raise InputError(f"needs rising segments, {nodes.size + 1} of them, found {len(segments)}")
    if segments.size and segments[-1] > count:
        raise InputError(f"needs an index for each of {int(segments[-1])} values, found {count}")
    counts = segments[nodes + 1] - segments[nodes]
    parents = np.repeat(np.arange(len(nodes)), counts)
    within = np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts)
    return parents, segments[nodes][parents] + within


def _scattered(values: np.ndarray, shape: tuple[int, ...], index: list[np.ndarray]) -> np.ndarray:
    count = len(index[0]) if index else 1
    if count > len(values):
        raise InputError(f"needs {count} stored values, found {len(values)}")
    for place, size in zip(index, shape, strict=True):
        beyond = place[(place < 0) | (place >= size)]
        if beyond.size:
            raise InputError(f"needs indices from 0 to {size - 1}, found {beyond[0]}")
    found = np.zeros(shape, values.dtype)
    found[tuple(index)] = values[:count]
    return found


def _numbers(values: Any) -> list[int]:
    return [] if values is None else [int(v) for v in values]
