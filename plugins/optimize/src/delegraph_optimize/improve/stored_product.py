"""The integer weights and the bias of a quantized op, read and written as the matrices of a product."""

from __future__ import annotations

import numpy as np
from attrs import define
from delegraph import DTYPES, Quantization, Tensor

from ..real import is_quantized
from ..versioned import settled_version
from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .product import BIAS, WeightedProduct

_BIAS_TYPE = {"int8": "int32", "int16": "int64"}  # by the type of the activations
_MOST_BIAS = 2.0**30  # of a stored bias, as where weights are quantized first


@define(eq=False)
class StoredProduct:
    """What a quantized op multiplies by."""

    graph: GraphEdit
    node: EditedOp
    product: WeightedProduct
    index: int  # of the integer weights
    weights: np.ndarray  # of floats: (groups, units, depth)
    bias: np.ndarray  # of floats: (groups, units)
    stored: np.ndarray  # integers: (groups, units, depth)
    steps: np.ndarray  # real = steps · stored: (groups, units, 1), in blocks (groups, units, depth)

    @classmethod
    def of(cls, graph: GraphEdit, node: EditedOp) -> StoredProduct | None:
        """Return what an op multiplies by; None where its weights are no integers."""
        product = None if node.source is None else WeightedProduct.of(node.source)
        if product is None:
            return None
        index = _small(graph, node.inputs[1])
        tensor = graph.tensors[index]
        if tensor.data is None or tensor.dtype not in ("int8", "int4") or not is_quantized(tensor):
            return None
        bias = product.bias
        if bias is None:
            return None
        return cls(
            graph,
            node,
            product,
            index,
            product.matrix(product.weights).astype(np.float64),
            bias.astype(np.float64),
            product.matrix(tensor.data).astype(np.float64),
            _steps(product, tensor),
        )

    @property
    def limit(self) -> int:
        """The largest integer; the smallest is its negative."""
        return int(DTYPES[self.graph.tensors[self.index].dtype].limits[1])

    @property
    def is_shared(self) -> bool:
        """Whether another op has these weights, too."""
        small = [n for n in self.graph.nodes if self.index in n.reads]
        large = [n for n in self.graph.nodes if self.node.inputs[1] in n.reads]
        return len(small) > 1 or len(large) > 1

    @property
    def in_blocks(self) -> bool:
        return bool(self.steps.shape[2] > 1)

    @property
    def real(self) -> np.ndarray:
        """The real numbers that the integers stand for."""
        return np.asarray(self.stored * self.steps)

    @property
    def least_steps(self) -> np.ndarray | float:
        """The smallest steps with which the bias fits its integers."""
        x = self.graph.tensors[self.node.inputs[0]]
        if x.dtype not in _BIAS_TYPE:
            return 0.0
        return np.asarray(np.abs(self.bias)[..., None] / (_MOST_BIAS * x.scale))

    def write(self, stored: np.ndarray, steps: np.ndarray) -> None:
        """Store other integers, with other steps."""
        q = self.graph.tensors[self.index].quantization
        assert q is not None
        if not self.in_blocks:
            steps = steps.astype(np.float32).astype(np.float64)
            q = Quantization(steps.reshape(-1).astype(np.float32), np.zeros(steps.size, np.int64), q.axis)
        data = self.product.tensor(stored).astype(np.int8)
        self.graph.change(self.index, data=data, quantization=q)
        self.stored, self.steps = stored, steps

    def write_bias(self, values: np.ndarray) -> None:
        """Store another bias."""
        graph, node = self.graph, self.node
        node.inputs += [LEFT_OUT] * (BIAS + 1 - len(node.inputs))
        name = f"{graph.tensors[node.outputs[0]].name}_bias"
        if node.inputs[BIAS] != LEFT_OUT:
            name = graph.tensors[node.inputs[BIAS]].name
        kind = _BIAS_TYPE.get(graph.tensors[node.inputs[0]].dtype)
        if kind is None:
            made = graph.add(name, "float32", data=values.reshape(-1).astype(np.float32))
        else:
            data, q = self._integers(values.reshape(-1), kind)
            made = graph.add(name, kind, data=data, quantization=q)
        node.inputs[BIAS] = made
        node.version = settled_version(graph, node)

    def _integers(self, values: np.ndarray, kind: str) -> tuple[np.ndarray, Quantization]:
        """Return a bias as integers: its scale is that of the products, for each channel."""
        x, q = self.graph.tensors[self.node.inputs[0]], self.graph.tensors[self.index].quantization
        assert q is not None
        scales = (np.float32(x.scale) * q.scale).astype(np.float32)
        stored = np.clip(np.rint(values / scales.astype(np.float64)), -(2.0**31) + 1, 2.0**31 - 1)
        return stored.astype(kind), Quantization(scales, np.zeros(len(scales), np.int64), 0)


def _small(graph: GraphEdit, index: int) -> int:
    """Return the tensor of integers that weights are made from; where they are integers, their own."""
    if graph.tensors[index].is_constant:
        return index
    made_by = graph.producers().get(index)
    return index if made_by is None or made_by.name != "DEQUANTIZE" else made_by.inputs[0]


def _steps(product: WeightedProduct, tensor: Tensor) -> np.ndarray:
    q = tensor.quantization
    assert q is not None
    if q.blocks is not None:
        assert q.blocks.scales.data is not None
        wide = np.repeat(q.blocks.scales.data.astype(np.float64), q.blocks.size, axis=1)
        return np.asarray(wide[None, :, : product.weights.shape[-1]])
    steps = np.broadcast_to(q.scale.astype(np.float64), product.groups * product.units)
    return np.array(steps.reshape(product.groups, product.units, 1))
