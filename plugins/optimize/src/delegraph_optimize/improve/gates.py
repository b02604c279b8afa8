"""The gates of an LSTM: their weights are rounded by GPTQ on what they read at all steps of the samples.

A gate is one product: [x | h] · [W | R]ᵀ + b, h what the LSTM gave a step before; W and R are integers with
a scale each. A gate that is normalized keeps its bias, which is added behind the normalization.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen
from delegraph import Op

from ..calibrate.inside import LSTM, read_by_gates
from ..real import is_quantized
from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .gptq import OF_ROUNDINGS, damped_squares, gptq
from .lockstep import LockStep, Values

_LIMIT = 127
_GATES = 4
_WEIGHTS, _RECURRENT, _BIASES, _NORMS = 1, 5, 12, 20  # places of the first gate's


def has_gates(op: Op) -> bool:
    """Say whether an op is one whose gates this rounds."""
    if op.name != LSTM or op.options.fused_activation_function != "TANH":
        return False
    if op.options.get("diagonal_recurrent_tensors"):
        return False
    others = [t for t in op.inputs[1:] if t is not None]
    return all(t.dtype == "float32" and (t.is_constant or t.is_variable) for t in others)


def improve_gates(graph: GraphEdit, step: LockStep, corrects: bool) -> bool:
    """Round the weights of an LSTM so that its gates get the sums that they have in floats; say whether.

    :param corrects: whether sums are to have the mean, too, that they have in floats
    """
    assert step.floats is not None
    assert step.found is not None
    if not has_gates(step.op):
        return False
    gates = [gate for gate in range(_GATES) if _is_stored(graph, step.node, gate)]
    floats, found = (_rows(step.op, values) for values in (step.floats, step.found))
    if not found.size or not np.isfinite(found).all():
        return False
    centred = found - found.mean(axis=0, keepdims=True)
    squares = damped_squares(centred[None], OF_ROUNDINGS)[0]
    for gate in gates:
        _StoredGate.of(graph, step, gate).improve(
            squares, floats.mean(axis=0), found.mean(axis=0), corrects
        )
    return bool(gates)


def _is_stored(graph: GraphEdit, node: EditedOp, gate: int) -> bool:
    """Say whether a gate has integers that nothing else reads."""
    places = (_WEIGHTS + gate, _RECURRENT + gate)
    indices = [node.inputs[p] for p in places]
    if LEFT_OUT in indices:
        return False
    tensors = [graph.tensors[i] for i in indices]
    reads = [i for n in graph.nodes for i in n.reads]
    return all(t.dtype == "int8" and t.is_constant and is_quantized(t) for t in tensors) and all(
        reads.count(i) == 1 for i in indices
    )


def _rows(op: Op, values: Values) -> np.ndarray:
    return np.concatenate([read_by_gates(op, x) for x in values]).astype(np.float64)


@frozen
class _StoredGate:
    """The weights of a gate, as floats and as integers."""

    graph: GraphEdit
    node: EditedOp
    places: tuple[int, int]  # of W and R
    weights: np.ndarray  # [W | R] of floats, (units, depth)
    steps: np.ndarray  # of the integers, (1, depth)
    bias: np.ndarray | None  # of floats, (units,); None where it is not added to these sums

    @classmethod
    def of(cls, graph: GraphEdit, step: LockStep, gate: int) -> _StoredGate:
        places = (_WEIGHTS + gate, _RECURRENT + gate)
        weights = [_constant(step.op, p) for p in places]
        scales = [graph.tensors[step.node.inputs[p]].scale for p in places]
        steps = [np.full(w.shape[1], s) for w, s in zip(weights, scales, strict=True)]
        is_added = _has(step.op, _BIASES + gate) and not _has(step.op, _NORMS + gate)
        bias = _constant(step.op, _BIASES + gate) if is_added else None
        return cls(graph, step.node, places, np.hstack(weights), np.hstack(steps)[None], bias)

    def improve(self, squares: np.ndarray, wanted: np.ndarray, found: np.ndarray, corrects: bool) -> None:
        """Store other integers.

        :param squares: of the rows that are read, without their mean; see :func:`damped_squares`
        :param wanted: the mean of what is read in floats
        :param found: the mean of what is read in its place
        """
        stored = gptq(self.weights, self.steps, _LIMIT, squares)
        first = self.graph.tensors[self.node.inputs[self.places[0]]].size // len(stored)
        for place, part in zip(self.places, np.hsplit(stored, [first]), strict=True):
            self.graph.change(self.node.inputs[place], data=np.ascontiguousarray(part, np.int8))
        if corrects and self.bias is not None:
            self._write_bias(self.bias + self.weights @ wanted - (stored * self.steps) @ found)

    def _write_bias(self, values: np.ndarray) -> None:
        index = self.node.inputs[self.places[0] - _WEIGHTS + _BIASES]
        tensor = self.graph.tensors[index]
        if is_quantized(tensor):
            values = np.clip(np.rint(values / tensor.scale), -(2.0**31) + 1, 2.0**31 - 1)
        made = self.graph.add(
            tensor.name, tensor.dtype, data=values.astype(tensor.dtype), quantization=tensor.quantization
        )
        self.node.inputs[self.places[0] - _WEIGHTS + _BIASES] = made


def _has(op: Op, place: int) -> bool:
    return place < len(op.inputs) and op.inputs[place] is not None


def _constant(op: Op, place: int) -> np.ndarray:
    tensor = op.inputs[place]
    assert tensor is not None
    assert tensor.data is not None
    return np.asarray(tensor.data, np.float64)
