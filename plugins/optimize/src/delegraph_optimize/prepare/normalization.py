"""Batch normalization that stands apart: MUL, ADD, SUB and DIV of constants behind products go into their
weights.

(W x + b) s + t = (s W) x + (s b + t), for s and t with one value for each channel, or one for all.
"""

from __future__ import annotations

import numpy as np

from ..spec import SPECS
from ..writer import LEFT_OUT, EditedOp, GraphEdit

_SCALES = ("MUL", "DIV")
_SHIFTS = ("ADD", "SUB")
_BIAS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}


def fold_normalization(graph: GraphEdit, kept: set[int]) -> int:
    """Fold what can be folded; return how many ops have gone."""
    gone = 0
    while (found := _next(graph, kept)) is not None:
        weighted, node, values = found
        _merge(graph, weighted, node, values)
        graph.nodes = [n for n in graph.nodes if n is not node]
        gone += 1
    return gone


def _next(graph: GraphEdit, kept: set[int]) -> tuple[EditedOp, EditedOp, np.ndarray] | None:
    producers, readers = graph.producers(), graph.readers()
    for node in graph.nodes:
        if node.name not in (*_SCALES, *_SHIFTS):
            continue
        split = _operands(graph, node)
        weighted = None if split is None else producers.get(split[0])
        if split is None or weighted is None or split[0] in kept or len(readers[split[0]]) > 1:
            continue
        if not _is_open(graph, weighted, readers):
            continue
        values = _by_channel(graph, split[0], split[1], node)
        if values is not None:
            return weighted, node, values
    return None


def _operands(graph: GraphEdit, node: EditedOp) -> tuple[int, int] | None:
    """Return what is computed and the constant beside it."""
    left, right = node.inputs
    if graph.is_constant(right) and not graph.is_constant(left):
        return left, right
    if graph.is_constant(left) and not graph.is_constant(right) and node.name in ("MUL", "ADD"):
        return right, left
    return None


def _is_open(graph: GraphEdit, node: EditedOp, readers: dict[int, list[EditedOp]]) -> bool:
    """Say whether an op's weights can take more: they are its own constants, and nothing is clamped behind
    them.
    """
    if node.name not in _BIAS or node.options.get("fused_activation_function", "NONE") != "NONE":
        return False
    if node.options.get("weights_format", "DEFAULT") != "DEFAULT":
        return False
    places = [1] + ([_BIAS[node.name]] if _bias(node) != LEFT_OUT else [])
    tensors = [node.inputs[p] for p in places]
    own = all(graph.is_constant(i) and len(readers[i]) == 1 for i in tensors)
    return own and all(graph.tensors[i].dtype == "float32" for i in tensors) and _is_dense(graph, node)


def _is_dense(graph: GraphEdit, node: EditedOp) -> bool:
    return graph.tensors[node.inputs[1]].sparsity is None


def _bias(node: EditedOp) -> int:
    place = _BIAS[node.name]
    return node.inputs[place] if place < len(node.inputs) else LEFT_OUT


def _by_channel(graph: GraphEdit, computed: int, constant: int, node: EditedOp) -> np.ndarray | None:
    """Return a constant's values, one for each channel; None if they are not so."""
    shape, written = graph.tensors[computed].shape, graph.tensors[node.outputs[0]].shape
    data = graph.data(constant)
    if data is None or data.dtype != np.float32 or not shape or shape != written:
        return None
    if data.size == 1:
        return np.full(shape[-1], data.reshape(()), np.float64)
    if data.size == shape[-1] and data.shape[-1:] == shape[-1:]:
        return data.reshape(-1).astype(np.float64)
    return None


def _merge(graph: GraphEdit, weighted: EditedOp, node: EditedOp, values: np.ndarray) -> None:
    weights = graph.data(weighted.inputs[1])
    assert weights is not None
    bias = graph.data(_bias(weighted))
    shift = np.zeros(len(values)) if bias is None else bias.astype(np.float64)
    if node.name in _SCALES:
        scale = values if node.name == "MUL" else 1 / values
        axis = SPECS[weighted.name].input(1).axis
        shaped = scale.reshape([-1 if i == axis else 1 for i in range(weights.ndim)])
        _set(graph, weighted, 1, weights * shaped)
        shift = shift * scale
    else:
        shift = shift + (values if node.name == "ADD" else -values)
    _set(graph, weighted, _BIAS[weighted.name], shift)
    weighted.options = weighted.options.replace(
        fused_activation_function=node.options.fused_activation_function
    )
    weighted.outputs = node.outputs


def _set(graph: GraphEdit, node: EditedOp, place: int, values: np.ndarray) -> None:
    """Give an op other constants, under the name of those it had."""
    stored = values.astype(np.float32)
    node.inputs += [LEFT_OUT] * (place + 1 - len(node.inputs))
    if node.inputs[place] == LEFT_OUT:
        name = f"{graph.tensors[node.outputs[0]].name}_bias"
        node.inputs[place] = graph.add(name, "float32", data=stored)
    else:
        graph.change(node.inputs[place], data=stored)
