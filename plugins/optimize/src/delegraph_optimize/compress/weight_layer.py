"""The weights of the ops of a model: constants of floats, each as a matrix (units, depth)."""

from __future__ import annotations

import math

import numpy as np
from attrs import define, field
from delegraph import Tensor

from ..prepared import FloatModel
from ..writer import LEFT_OUT, EditedOp, GraphEdit, ModelEdit

_GATES = (1, 2, 3, 4, 5, 6, 7, 8, 16)  # of the input, of the state, and the projection
_BACKWARD_GATES = (18, 19, 20, 21, 22, 23, 24, 25, 33)
# By op: its inputs that are weights, and their axis of units.
_WEIGHTS: dict[str, tuple[tuple[int, ...], int]] = {
    "BATCH_MATMUL": ((1,), -1),
    "BIDIRECTIONAL_SEQUENCE_LSTM": ((*_GATES, *_BACKWARD_GATES), 0),
    "CONV_2D": ((1,), 0),
    "CONV_3D": ((1,), 4),
    "DEPTHWISE_CONV_2D": ((1,), 3),
    "EMBEDDING_LOOKUP": ((1,), 0),
    "FULLY_CONNECTED": ((1,), 0),
    "LSTM": (_GATES, 0),
    "RNN": ((1, 2), 0),
    "SVDF": ((1, 2), 0),
    "TRANSPOSE_CONV": ((1,), 0),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (_GATES, 0),
    "UNIDIRECTIONAL_SEQUENCE_RNN": ((1, 2), 0),
}
_SHARED = "it has the weights of another op"


@define(eq=False)
class WeightLayer:
    """Weights of one op of a model that is being edited."""

    graph: GraphEdit
    node: EditedOp
    place: int  # among the op's inputs
    subgraph: int
    index: int  # of the op in the model that was given
    reason: str = ""  # why nothing is to be done to them; "" where something is
    is_shared: bool = False  # another op has these weights, too
    before: np.ndarray = field(init=False)  # as they were

    def __attrs_post_init__(self) -> None:
        self.before = self.weights

    @property
    def tensor(self) -> Tensor:
        return self.graph.tensors[self.node.inputs[self.place]]

    @property
    def weights(self) -> np.ndarray:
        data = self.tensor.data
        assert data is not None
        return np.asarray(data)

    @property
    def row(self) -> int:
        """How many weights in a row of the matrix stand beside each other in the model, too."""
        moved = np.moveaxis(np.broadcast_to(0, self.weights.shape), _axis(self.node), 0)
        return math.prod(moved.shape[1:]) if self.node.name == "DEPTHWISE_CONV_2D" else moved.shape[-1]

    @property
    def matrix(self) -> np.ndarray:
        """The weights, (units, depth)."""
        return self.as_matrix(self.weights)

    def as_matrix(self, values: np.ndarray) -> np.ndarray:
        """Return what has the shape of the weights as (units, depth)."""
        moved = np.moveaxis(values, _axis(self.node), 0)
        return np.asarray(moved.reshape(len(moved), -1))

    def as_weights(self, matrix: np.ndarray) -> np.ndarray:
        """Return what is (units, depth) in the shape of the weights."""
        moved = np.moveaxis(self.weights, _axis(self.node), 0)
        return np.ascontiguousarray(np.moveaxis(matrix.reshape(moved.shape), 0, _axis(self.node)))

    def write(self, matrix: np.ndarray) -> None:
        """Store other weights, (units, depth)."""
        self.graph.change(self.tensor.index, data=self.as_weights(matrix).astype(np.float32))


def weight_layers(ready: FloatModel, edit: ModelEdit) -> list[WeightLayer]:
    """Return the weights of an edited model; of those that several ops have, all but the first say so."""
    found: list[WeightLayer] = []
    for number, graph in enumerate(edit.graphs):
        met: dict[int, WeightLayer] = {}
        for at, node in enumerate(graph.nodes):
            for place in _places(graph, node):
                layer = WeightLayer(graph, node, place, number, ready.origins[number, at])
                layer.reason = _left_alone(layer)
                first = met.setdefault(layer.tensor.index, layer)
                if first is not layer:
                    layer.reason, layer.is_shared, first.is_shared = _SHARED, True, True
                found.append(layer)
    return found


def _places(graph: GraphEdit, node: EditedOp) -> list[int]:
    places, axis = _WEIGHTS.get(node.name, ((), 0))
    there = [p for p in places if p < len(node.inputs) and node.inputs[p] != LEFT_OUT]
    return [p for p in there if _are_weights(graph.tensors[node.inputs[p]], axis)]


def _are_weights(tensor: Tensor, axis: int) -> bool:
    """Say whether a tensor is a matrix of float constants, or what can be seen as one."""
    data = tensor.data
    if data is None or tensor.dtype != "float32" or tensor.sparsity is not None:
        return False
    return data.ndim > max(axis, 1) and data.size > 0


def _axis(node: EditedOp) -> int:
    """Return the weights' axis of units."""
    return _WEIGHTS[node.name][1]


def _left_alone(layer: WeightLayer) -> str:
    graph, tensor = layer.graph, layer.tensor
    if layer.node.options.get("weights_format", "DEFAULT") != "DEFAULT":
        return "its weights are stored in another order"
    if not np.isfinite(layer.weights).all():
        return "its weights hold NaN or an infinity"
    known = {*graph.inputs, *graph.outputs}
    readers = [node for node in graph.nodes if tensor.index in node.reads]
    if tensor.index in known or any(node.name not in _WEIGHTS for node in readers):
        return "others read its weights, too"
    return ""
