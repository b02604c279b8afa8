"""Channels taken out of a graph: of tensors, of constants, and of what ops are told of shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...writer import EditedOp, GraphEdit

Kept = Mapping[tuple[int, int], np.ndarray]  # by tensor and axis: which positions stay; none: all do


def remove(graph: GraphEdit, kept: Kept) -> None:
    """Take out all positions that do not stay."""
    shapes = {t.index: t.shape for t in graph.tensors}
    for (tensor, axis), stays in kept.items():
        _cut(graph, tensor, axis, stays)
    touched = {tensor for tensor, _ in kept}
    for node in graph.nodes:
        rule = _TOLD.get(node.name)
        if rule is not None and touched.intersection((*node.reads, *node.outputs)):
            rule(graph, node, kept, shapes)


def _cut(graph: GraphEdit, index: int, axis: int, stays: np.ndarray) -> None:
    tensor = graph.tensors[index]
    assert tensor.shape is not None
    size = int(stays.sum())
    changes: dict[str, Any] = {"shape": _with(tensor.shape, axis, size)}
    if tensor.shape_signature:
        known = tensor.shape_signature[axis] != -1
        changes["shape_signature"] = _with(tensor.shape_signature, axis, size if known else -1)
    if tensor.data is not None:
        changes["data"] = np.ascontiguousarray(np.compress(stays, tensor.data, axis=axis))
    graph.change(index, **changes)


def _with(shape: Sequence[int], axis: int, size: int) -> tuple[int, ...]:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _tell(graph: GraphEdit, node: EditedOp, place: int, values: Sequence[int] | np.ndarray) -> None:
    """Give an op other whole numbers, of its own."""
    told = graph.tensors[node.inputs[place]]
    assert told.data is not None
    data = np.asarray(values, told.data.dtype).reshape(told.data.shape)
    node.inputs[place] = graph.add(told.name, told.dtype, data=data, quantization=told.quantization)


def _reshape(graph: GraphEdit, node: EditedOp, kept: Kept, shapes: Mapping[int, Any]) -> None:
    shape = graph.tensors[node.outputs[0]].shape or ()
    if (
        len(node.inputs) > 1
        and (told := graph.data(node.inputs[1])) is not None
        and told.size == len(shape)
    ):
        _tell(
            graph,
            node,
            1,
            [-1 if n == -1 else size for n, size in zip(told.reshape(-1), shape, strict=True)],
        )
    told = node.options.get("new_shape")
    if told is not None and len(told) == len(shape):
        new = [-1 if n == -1 else size for n, size in zip(told, shape, strict=True)]
        node.options = node.options.replace(new_shape=np.array(new, np.int32))


def _pad(graph: GraphEdit, node: EditedOp, kept: Kept, shapes: Mapping[int, Any]) -> None:
    told = graph.data(node.inputs[1])
    assert told is not None
    pads = np.array(told).reshape(-1, 2)
    for axis in range(len(pads)):
        stays = kept.get((node.outputs[0], axis))
        if stays is not None:
            before, size = int(pads[axis, 0]), shapes[node.inputs[0]][axis]
            pads[axis] = stays[:before].sum(), stays[before + size :].sum()
    _tell(graph, node, 1, pads)


def _split_v(graph: GraphEdit, node: EditedOp, kept: Kept, shapes: Mapping[int, Any]) -> None:
    told = graph.data(node.inputs[2])
    assert told is not None
    axis = int(told.reshape(-1)[0]) % len(shapes[node.inputs[0]])
    _tell(graph, node, 1, [(graph.tensors[y].shape or ())[axis] for y in node.outputs])


def _slice(graph: GraphEdit, node: EditedOp, kept: Kept, shapes: Mapping[int, Any]) -> None:
    _tell(graph, node, 2, graph.tensors[node.outputs[0]].shape or ())


def _transpose_conv(graph: GraphEdit, node: EditedOp, kept: Kept, shapes: Mapping[int, Any]) -> None:
    told = graph.data(node.inputs[0])
    assert told is not None
    _tell(graph, node, 0, [*told.reshape(-1)[:3], (graph.tensors[node.outputs[0]].shape or ())[3]])


_Tell = Callable[[GraphEdit, EditedOp, Kept, Mapping[int, Any]], None]
_TOLD: dict[str, _Tell] = {
    "MIRROR_PAD": _pad,
    "PAD": _pad,
    "PADV2": _pad,
    "RESHAPE": _reshape,
    "SLICE": _slice,
    "SPLIT_V": _split_v,
    "TRANSPOSE_CONV": _transpose_conv,
}
