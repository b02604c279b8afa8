"""dynamic: integer weights beside float activations, which the kernel quantizes while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from delegraph import Blocks, Quantization, Tensor

from ..spec import SPECS, OpSpec
from ..versioned import settled_version
from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .numbers import quantized_blocks, quantized_weights
from .stored import WEIGHTS_LEAST, Verdict


def make_dynamic(
    graph: GraphEdit,
    nodes: Sequence[EditedOp],
    dtype: str = "int8",
    block: int = 0,
    least: int | None = None,
) -> Mapping[int, Verdict]:
    """Store the weights of ops as integers that their kernels take as they are.

    :param dtype: "int8" or "int4"; ops without a kernel for int4 get int8
    :param block: weights of FULLY_CONNECTED that share a scale along the depth; 0: all of a channel
    :param least: weights of fewer values stay as they are
    :return: what became of each op, by its ``id``
    """
    work = _Dynamic(graph, dtype, block, WEIGHTS_LEAST if least is None else least)
    return {id(node): work.op(node) for node in nodes}


class _Dynamic:
    def __init__(self, graph: GraphEdit, dtype: str, block: int, least: int) -> None:
        self.graph = graph
        self.dtype = dtype
        self.block = block
        self.least = least
        self._made: dict[tuple[int, str, int | None], int] = {}

    def op(self, node: EditedOp) -> Verdict:
        spec = SPECS.get(node.name)
        if spec is None or not spec.hybrid:
            return Verdict(False, f"LiteRT has no {node.name} of float activations and integer weights")
        places = [p for p, i in enumerate(node.inputs) if i != LEFT_OUT and spec.input(p).role in "wr"]
        why = self._why_not([node.inputs[p] for p in places])
        biases = [i for p, i in enumerate(node.inputs) if i != LEFT_OUT and spec.input(p).role == "b"]
        if any(self.graph.tensors[i].is_variable for i in biases):
            why = "its bias has state"  # XNNPACK dies of one that is made from float16
        if why:
            return Verdict(False, why)
        stored = self.dtype if spec.int4 else "int8"
        for place in places:
            node.inputs[place] = self._weights(node, place, stored, spec)
        if "asymmetric_quantize_inputs" in node.options:
            # As ai-edge-quantizer writes weights in blocks: their kernel takes symmetric inputs.
            asymmetric = not any(self._is_in_blocks(node.inputs[p]) for p in places)
            node.options = node.options.replace(asymmetric_quantize_inputs=asymmetric)
        node.version = settled_version(self.graph, node)
        return Verdict(True, "", stored)

    def _is_in_blocks(self, index: int) -> bool:
        quantization = self.graph.tensors[index].quantization
        return quantization is not None and quantization.blocks is not None

    def _takes_blocks(self, node: EditedOp, data: np.ndarray) -> bool:
        """Say whether LiteRT multiplies by blocks: not in few units, and without the fused activation."""
        if not self.block or node.name != "FULLY_CONNECTED" or data.shape[-1] % self.block:
            return False
        return len(data) >= 4 and node.options.fused_activation_function == "NONE"

    def _why_not(self, weights: Sequence[int]) -> str:
        tensors = [self.graph.tensors[i] for i in weights]
        if not tensors:
            return "it has no weights"
        if not all(t.is_constant for t in tensors):
            return "its weights are computed"
        for tensor in tensors:
            if tensor.dtype != "float32":
                return f"its weights are {tensor.dtype}"
            if tensor.sparsity is not None:
                return "its weights are sparse"
            if not np.isfinite(_values(tensor)).all():
                return "its weights are not all finite"
        if max(t.size for t in tensors) < self.least:
            return f"its weights have fewer than {self.least} values"
        return ""

    def _weights(self, node: EditedOp, place: int, dtype: str, spec: OpSpec) -> int:
        """Return the integer weights; one tensor for all ops that share them."""
        tensor, operand = self.graph.tensors[node.inputs[place]], spec.input(place)
        axis = None if operand.role == "r" else operand.axis
        key = (tensor.index, dtype, axis)
        if key not in self._made:
            self._made[key] = self._stored(tensor, node, dtype, axis)
        return self._made[key]

    def _stored(self, tensor: Tensor, node: EditedOp, dtype: str, axis: int | None) -> int:
        data = _values(tensor)
        if dtype == "int4" and self._takes_blocks(node, data):
            return _blockwise(self.graph, data, tensor.name, dtype, self.block)
        stored, quantization = quantized_weights(data, axis, dtype)
        return self.graph.add(f"{tensor.name}_{dtype}", dtype, data=stored, quantization=quantization)


def _values(tensor: Tensor) -> np.ndarray:
    assert tensor.data is not None
    return tensor.data


def _blockwise(graph: GraphEdit, data: np.ndarray, name: str, dtype: str, block: int) -> int:
    stored, scales = quantized_blocks(data, block, dtype)
    told = graph.add(f"{name}_scales", "float16", data=scales)
    empty = Quantization(
        np.zeros(0, np.float32), np.zeros(0, np.int64), 0, blocks=Blocks(graph.tensors[told], block)
    )
    return graph.add(f"{name}_{dtype}", dtype, data=stored, quantization=empty)
