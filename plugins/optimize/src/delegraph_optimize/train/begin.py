"""Where a training with integers begins: where ``quantize`` ends, for the same samples.

A weight of floats is moved into the cell of the integer that rounding chose for it, no farther than it has
to go: it rounds to that integer now, and what floats know of it besides is kept for the training. Biases
are those that were corrected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

import numpy as np
from attrs import field, frozen
from delegraph import DTYPES, Graph, Tensor

from ..real import is_quantized
from ..writer import LEFT_OUT, EditedOp, GraphEdit

_CELL = 0.25  # of a step: so far from its middle, a weight does not leave the cell in its first steps
_WEIGHTS = 1  # the place of a product's weights, whose steps may be learned


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
        found = cls()
        read = Counter(t.index for op in graph.ops for t in op.inputs if t is not None)
        for node in edit.nodes:
            for place, floats, stored in _pairs(edit, node):
                if floats.index in fixed or read[floats.index] > 1:
                    continue
                is_free = learned and place == _WEIGHTS and stored.dtype == "int4"
                found.constants[floats.index] = _begun(floats, stored, is_free)
                if is_free and node.source is not None and stored.quantization is not None:
                    found.steps[node.source.index] = stored.quantization.scale.astype(np.float32)
        return found


def _pairs(edit: GraphEdit, node: EditedOp) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yield the constants of floats that an op reads, each with the integers that it has become."""
    read = node.source.inputs if node.source else ()
    for place, (floats, index) in enumerate(zip(read, node.inputs, strict=False)):
        if floats is None or not floats.is_constant or floats.dtype != "float32" or index == LEFT_OUT:
            continue
        stored = edit.tensors[index]
        is_known = stored.dtype in ("int4", "int8", "int32", "int64") and stored.shape == floats.shape
        if stored.data is not None and is_known and is_quantized(stored) and floats.size > 1:
            yield place, floats, stored


def _begun(floats: Tensor, stored: Tensor, is_free: bool) -> np.ndarray:
    """Return the values with which training begins: of weights in their cells, of biases as stored."""
    q, values = stored.quantization, floats.data
    assert q is not None
    assert values is not None
    assert stored.data is not None
    axes = tuple(i for i in range(len(floats.shape or ())) if len(q.scale) == 1 or i != q.axis)
    steps = q.scale.astype(np.float64).reshape([1 if i in axes else -1 for i in range(values.ndim)])
    points, integers = np.asarray(q.zero_point).reshape(steps.shape), stored.data.astype(np.float64)
    if stored.dtype in ("int32", "int64"):
        return np.asarray((integers - points) * steps, np.float32)
    if points.any():
        return np.array(values)
    return _moved(values.astype(np.float64), integers, steps, axes, stored.dtype, is_free)


def _moved(
    floats: np.ndarray,
    stored: np.ndarray,
    steps: np.ndarray,
    axes: tuple[int, ...],
    dtype: str,
    is_free: bool,
) -> np.ndarray:
    """Return weights of floats, each in the cell of its integer; the outermost cells have no end.

    :param is_free: whether steps may be any; else they are those of the largest weight, and a channel stays
        as it is where its own would be another one then
    """
    limit = DTYPES[dtype].limits[1]
    low = np.where(stored <= -limit, -np.inf, stored - _CELL)
    high = np.where(stored >= limit, np.inf, stored + _CELL)
    moved = np.clip(floats, low * steps, high * steps)
    same = is_free | np.isclose(np.abs(moved).max(axis=axes, keepdims=True), limit * steps, rtol=1e-6)
    return np.where(same, moved, floats).astype(np.float32)
