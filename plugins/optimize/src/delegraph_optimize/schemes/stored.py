"""float16 and weights: constants are stored smaller, and a DEQUANTIZE makes them floats again when the
model is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from attrs import frozen
from delegraph import Quantization, Record

from ..spec import SPECS
from ..versioned import settled_version
from ..writer import EditedOp, GraphEdit
from .numbers import quantized_weights

HALVES_LEAST = 64  # values: of fewer, the op and the tensor take more than is won
WEIGHTS_LEAST = 1024  # values: as in LiteRT's converter
_SLICE = 48  # values: of fewer, a scale and a zero point for each slice take a quarter of what they do
_LARGEST_HALF = 65504.0


@frozen
class Verdict:
    """What a scheme did to one op, or why it did nothing."""

    done: bool
    reason: str = ""
    weights: str = ""  # the type in which weights are stored now


def store_smaller(
    graph: GraphEdit, nodes: Sequence[EditedOp], dtype: str, least: int | None = None
) -> Mapping[int, Verdict]:
    """Store the constants of ops as float16, int8 or int4; return what became of each op, by its ``id``.

    :param least: constants of fewer values stay as they are.
    """
    if least is None:
        least = HALVES_LEAST if dtype == "float16" else WEIGHTS_LEAST
    work = _Storing(graph, dtype, least)
    verdicts = {id(node): work.op(node) for node in nodes}
    graph.nodes = [*work.made, *graph.nodes]
    return verdicts


class _Storing:
    def __init__(self, graph: GraphEdit, dtype: str, least: int) -> None:
        self.graph = graph
        self.least = least
        self.dtype = dtype
        self.made: list[EditedOp] = []
        self._known: dict[tuple[int, int | None], int] = {}

    def op(self, node: EditedOp) -> Verdict:
        reasons, done = [], False
        for place, index in enumerate(node.inputs):
            if not self.graph.is_constant(index) or self.graph.tensors[index].dtype != "float32":
                continue
            why = self._why_not(node, place, index)
            if why:
                reasons.append(why)
                continue
            node.inputs[place] = self._stored(index, self._axis(node, place))
            done = True
        if done:
            return Verdict(True, "", self.dtype)
        return Verdict(False, reasons[0] if reasons else "it has no constants of floats")

    def _why_not(self, node: EditedOp, place: int, index: int) -> str:
        data = self.graph.data(index)
        assert data is not None
        if self.graph.tensors[index].sparsity is not None:
            return "its constants are sparse"
        if self.dtype == "float16":
            if data.size < self.least:
                return f"its constants have fewer than {self.least} values"
            return "" if _fits_half(data) else "its constants have values that float16 cannot hold"
        if data.ndim < 2 or _is_bias(node, place):
            return "its constants are no weights"
        if not np.isfinite(data).all():
            return "its weights are not all finite"
        return "" if data.size >= self.least else f"its weights have fewer than {self.least} values"

    def _axis(self, node: EditedOp, place: int) -> int | None:
        """Return the axis of weights along which each slice has a scale of its own."""
        operand = SPECS[node.name].input(place) if node.name in SPECS else None
        if operand is not None and operand.role == "w":
            return operand.axis
        shape = self.graph.tensors[node.inputs[place]].shape or (1,)
        is_table = len(shape) > 1 and prod(shape[1:]) < _SLICE < prod(shape[:-1])
        return len(shape) - 1 if is_table else 0

    def _stored(self, index: int, axis: int | None) -> int:
        """Return a tensor of the same floats, made from smaller ones; one for all ops that share them."""
        key = (index, None if self.dtype == "float16" else axis)
        if key not in self._known:
            self._known[key] = self._dequantized(index, axis)
        return self._known[key]

    def _dequantized(self, index: int, axis: int | None) -> int:
        graph, tensor = self.graph, self.graph.tensors[index]
        data = graph.data(index)
        assert data is not None
        quantization: Quantization | None = None
        if self.dtype == "float16":
            stored = data.astype(np.float16)
        else:
            stored, quantization = quantized_weights(data, axis, self.dtype)
        small = graph.add(f"{tensor.name}_{self.dtype}", self.dtype, data=stored, quantization=quantization)
        large = graph.add(f"{tensor.name}_float32", "float32", tensor)
        node = EditedOp("DEQUANTIZE", [small], [large], Record("DequantizeOptions", {}))
        node.version = settled_version(graph, node)
        self.made.append(node)
        return large


def _fits_half(data: np.ndarray) -> bool:
    finite = data[np.isfinite(data)]
    return not finite.size or float(np.abs(finite).max()) <= _LARGEST_HALF


def _is_bias(node: EditedOp, place: int) -> bool:
    return node.name in SPECS and SPECS[node.name].input(place).role == "b"
