"""Where a training with integers begins: where ``quantize`` ends, for the same samples.

A weight of floats is moved into the cell of the integer that rounding chose for it, no farther than it has
to go: it rounds to that integer now, and what floats know of it besides is kept for the training. Biases
are those that were corrected.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from attrs import field, frozen
from delegraph import Graph, Op

from ..improve.stored_product import StoredProduct
from ..writer import LEFT_OUT, GraphEdit

_CELL = 0.25  # of a step: so far from its middle, a weight does not leave the cell in its first steps
_WEIGHTS, _BIAS = 1, 2  # places of a product's inputs


@frozen
class Begun:
    """Constants to begin with, by the number of the tensor; steps of weights, by the index of the op."""

    constants: dict[int, np.ndarray] = field(factory=dict)
    steps: dict[int, np.ndarray] = field(factory=dict)

    @classmethod
    def of(cls, graph: Graph, edit: GraphEdit, learned: bool, fixed: Collection[int]) -> Begun:
        """Return what the integers of a quantized graph say.

        :param edit: the quantized graph that was made of ``graph``
        :param learned: whether steps of few bits are learned: others are those of the largest weights
        :param fixed: tensors that stay as they are
        """
        found, read = cls(), _times_read(graph)
        for node in edit.nodes:
            stored = StoredProduct.of(edit, node)
            if stored is None or node.source is None:
                continue
            weights, bias = (
                index if index not in fixed and read.get(index, 0) == 1 else None
                for index in (_constant(node.source, _WEIGHTS), _constant(node.source, _BIAS))
            )
            is_free = learned and edit.tensors[stored.index].dtype == "int4"
            if weights is not None:
                found.constants[weights] = stored.product.tensor(_moved(stored, is_free)).astype(np.float32)
            if weights is not None and is_free:
                found.steps[node.source.index] = stored.steps.reshape(-1).astype(np.float32)
            kept = node.inputs[_BIAS] if len(node.inputs) > _BIAS else LEFT_OUT
            if bias is not None and kept != LEFT_OUT:
                found.constants[bias] = _real(edit, kept).reshape(graph.tensors[bias].shape)
        return found


def _moved(stored: StoredProduct, is_free: bool) -> np.ndarray:
    """Return the weights of floats, each in the cell of its integer; the outermost cells have no end.

    :param is_free: whether steps may be any; else they are those of the largest weight, and a unit stays as
        it is where its own would be another one then
    """
    low = np.where(stored.stored <= -stored.limit, -np.inf, stored.stored - _CELL)
    high = np.where(stored.stored >= stored.limit, np.inf, stored.stored + _CELL)
    moved = np.clip(stored.weights, low * stored.steps, high * stored.steps)
    largest = np.abs(moved).max(axis=-1, keepdims=True)
    same = is_free | np.isclose(largest, stored.limit * stored.steps, rtol=1e-6)
    return np.asarray(np.where(same, moved, stored.weights))


def _constant(op: Op, place: int) -> int:
    """Return the number of a constant that an op reads; -1: it reads none there."""
    tensor = op.inputs[place] if place < len(op.inputs) else None
    return tensor.index if tensor is not None and tensor.is_constant else -1


def _real(edit: GraphEdit, index: int) -> np.ndarray:
    tensor = edit.tensors[index]
    assert tensor.data is not None
    if tensor.dtype == "float32":
        return np.array(tensor.data)
    assert tensor.quantization is not None
    return np.asarray(tensor.data * tensor.quantization.scale.astype(np.float64), np.float32)


def _times_read(graph: Graph) -> dict[int, int]:
    found: dict[int, int] = {}
    for op in graph.ops:
        for tensor in op.inputs:
            if tensor is not None:
                found[tensor.index] = found.get(tensor.index, 0) + 1
    return found
