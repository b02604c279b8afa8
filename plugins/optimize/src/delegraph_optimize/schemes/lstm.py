"""UNIDIRECTIONAL_SEQUENCE_LSTM on int8: int8 weights, biases of 32 bits, a cell state of 16.

The output state has the output's scale; the scale of the cell state is a power of two, 2^-11 for cells up
to 16. Gate biases have the scale of the input times that of the gate's input weights.

Source: tflite/kernels/unidirectional_sequence_lstm.cc (PopulateQuantizedLstmParams8x8_16);
tflite/converter/tools/optimize/operator_property.cc.
"""

from __future__ import annotations

import math

import numpy as np
from delegraph import Quantization

from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .numbers import fixed_quantization, quantized_weights

GATES = 4
_PEEPHOLES, _BIASES, _PROJECTION, _NORMS = range(9, 12), range(12, 16), range(16, 18), range(20, 24)
_OUTPUT_STATE, _CELL_STATE = 18, 19
_LEAST_POWER, _MOST_POWER = 2, 6  # of the largest cell: LiteRT takes scales from 2^-15 to 2^-9
_MORE = 2.0  # times the last cells of the samples: those before the last step are not seen


def why_not_lstm(graph: GraphEdit, node: EditedOp) -> str:
    """Return why an LSTM cannot have integers; "" if it can."""
    for places, what in (
        (_PEEPHOLES, "peepholes"),
        (_PROJECTION, "a projection"),
        (_NORMS, "layer normalization"),
    ):
        if any(_at(node, p) != LEFT_OUT for p in places):
            return f"it has {what}"
    if node.options.fused_activation_function != "TANH":
        return f"its activation is {node.options.fused_activation_function}"
    if node.options.get("diagonal_recurrent_tensors"):
        return "its recurrent weights are diagonal"
    if not all(graph.is_constant(i) for i in (_at(node, p) for p in _BIASES) if i != LEFT_OUT):
        return "its biases are computed"
    states = [_at(node, p) for p in (_OUTPUT_STATE, _CELL_STATE)]
    if any(i == LEFT_OUT or not graph.tensors[i].is_variable for i in states):
        return "its state is no variable"
    return ""


def with_integer_weights(graph: GraphEdit, node: EditedOp, cell: float) -> None:
    """Give an LSTM, whose input and output have integers, weights, biases, state and intermediates of
    integers.

    :param cell: how far the cell state was seen to go
    """
    x, out = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    assert out.quantization is not None
    for place in range(1, 2 * GATES + 1):
        if node.inputs[place] != LEFT_OUT:
            node.inputs[place] = _weights(graph, node.inputs[place])
    for gate, place in enumerate(_BIASES, 1):
        if node.inputs[place] != LEFT_OUT:
            scale = np.float32(x.scale) * np.float32(graph.tensors[node.inputs[gate]].scale)
            node.inputs[place] = _bias(graph, node.inputs[place], float(scale))
    node.inputs[_OUTPUT_STATE] = _state(graph, node.inputs[_OUTPUT_STATE], "int8", out.quantization)
    power = math.ceil(math.log2(max(_MORE * cell, 1.0)))
    if node.options.cell_clip > 0:
        power = min(power, math.ceil(math.log2(max(node.options.cell_clip, 1.0))))
    power = min(max(power, _LEAST_POWER), _MOST_POWER)
    node.inputs[_CELL_STATE] = _state(
        graph, node.inputs[_CELL_STATE], "int16", fixed_quantization(2.0 ** (power - 15), 0)
    )
    node.intermediates = [graph.add(f"{out.name}_gate{i}", "float32") for i in range(GATES)]
    node.intermediates.append(graph.add(f"{out.name}_hidden", "int8", quantization=out.quantization))
    for index in node.intermediates:  # they only say scales
        graph.change(index, shape=(0,))


def cell_state(node: EditedOp) -> int:
    return node.inputs[_CELL_STATE]


def _at(node: EditedOp, place: int) -> int:
    return node.inputs[place] if place < len(node.inputs) else LEFT_OUT


def _weights(graph: GraphEdit, index: int) -> int:
    tensor = graph.tensors[index]
    assert tensor.data is not None
    stored, q = quantized_weights(tensor.data, None)
    return graph.add(f"{tensor.name}_int8", "int8", data=stored, quantization=q)


def _bias(graph: GraphEdit, index: int, scale: float) -> int:
    tensor = graph.tensors[index]
    assert tensor.data is not None
    stored = np.clip(np.rint(tensor.data.astype(np.float64) / scale), -(2.0**31) + 1, 2.0**31 - 1)
    q = fixed_quantization(scale, 0)
    return graph.add(f"{tensor.name}_int32", "int32", data=stored.astype(np.int32), quantization=q)


def _state(graph: GraphEdit, index: int, dtype: str, q: Quantization) -> int:
    tensor = graph.tensors[index]
    made = graph.add(f"{tensor.name}_{dtype}", dtype, tensor, quantization=q)
    graph.change(made, is_variable=True)
    return made
