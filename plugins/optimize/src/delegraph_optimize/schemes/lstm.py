"""UNIDIRECTIONAL_SEQUENCE_LSTM on int8: int8 weights, biases of 32 bits, a cell state of 16.

The output state has the output's scale. The scale of the cell state is a power of two that holds every cell
that was seen. Peepholes and the weights of normalization have 16 bits, and so have gates that are
normalized; a projection is int8. A gate's bias has the scale of the input times that of the gate's input
weights, or 2^-10 times that of its normalization; the projection's that of its weights times the hidden
values'.

Source: tflite/kernels/unidirectional_sequence_lstm.cc (PopulateQuantizedLstmParams8x8_16);
tflite/converter/tools/optimize/operator_property.cc.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..spec import CELL, HIDDEN, gate_name
from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .numbers import activation_quantization, fixed_quantization
from .recurrent import int8_weights, int16_weights, int32_bias, integer_state

GATES = 4
_FORGET = 1
_PEEPHOLES, _BIASES, _NORMS = range(9, 12), range(12, 16), range(20, 24)
_PROJECTION, _PROJECTION_BIAS, _OUTPUT_STATE, _CELL_STATE = range(16, 20)
_LEAST_POWER, _MOST_POWER = 2, 6  # of the largest cell: LiteRT takes scales from 2^-15 to 2^-9
_NORM_STEP = 2.0**-10  # of a normalized gate, in the scale of its weights

Inside = Callable[[str], "tuple[float, float] | str"]  # the range of what was seen inside, or why none


def why_not_lstm(graph: GraphEdit, node: EditedOp, inside: Inside) -> str:
    """Return why an LSTM cannot have integers; "" if it can."""
    if node.options.fused_activation_function != "TANH":
        return f"its activation is {node.options.fused_activation_function}"
    if node.options.get("diagonal_recurrent_tensors"):
        return "its recurrent weights are diagonal"
    constants = (*_PEEPHOLES, *_BIASES, _PROJECTION, _PROJECTION_BIAS, *_NORMS)
    if not all(graph.is_constant(i) for i in (_at(node, p) for p in constants) if i != LEFT_OUT):
        return "its biases are computed"
    states = [_at(node, p) for p in (_OUTPUT_STATE, _CELL_STATE)]
    if any(i == LEFT_OUT or not graph.tensors[i].is_variable for i in states):
        return "its state is no variable"
    return next((why for name in _needed(node) if isinstance(why := inside(name), str)), "")


def _needed(node: EditedOp) -> list[str]:
    """Return the names of what has to have been seen inside."""
    gates = [gate_name(g) for g, p in enumerate(_NORMS) if _at(node, p) != LEFT_OUT]
    return [CELL, *gates, *([HIDDEN] if _at(node, _PROJECTION) != LEFT_OUT else [])]


def with_integer_lstm(graph: GraphEdit, node: EditedOp, inside: Inside) -> None:
    """Give an LSTM, whose input and output have integers, weights, biases, state and intermediates of
    integers.

    :param inside: of the names that are needed, the ranges
    """
    x, out = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    assert out.quantization is not None
    for place in (*range(1, 2 * GATES + 1), _PROJECTION):
        _change(node, place, lambda i: int8_weights(graph, i))
    for place in (*_PEEPHOLES, *_NORMS):
        _change(node, place, lambda i: int16_weights(graph, i))
    projected = _at(node, _PROJECTION) != LEFT_OUT
    hidden = activation_quantization(*_ends(inside(HIDDEN)), "int8") if projected else out.quantization
    for gate, place in enumerate(_BIASES):
        if _at(node, place) != LEFT_OUT:
            step = _gate_step(graph, node, x.scale, gate)
            node.inputs[place] = int32_bias(graph, node.inputs[place], step)
    if projected:
        step = graph.tensors[node.inputs[_PROJECTION]].scale * float(hidden.scale[0])
        _change(node, _PROJECTION_BIAS, lambda i: int32_bias(graph, i, step))
    node.inputs[_OUTPUT_STATE] = integer_state(graph, node.inputs[_OUTPUT_STATE], "int8", out.quantization)
    cells = fixed_quantization(2.0 ** (_power(node, _reach(inside(CELL))) - 15), 0)
    node.inputs[_CELL_STATE] = integer_state(graph, node.inputs[_CELL_STATE], "int16", cells)
    node.intermediates = [
        _gate(graph, node, gate, inside, f"{out.name}_gate{gate}") for gate in range(GATES)
    ]
    node.intermediates.append(graph.add(f"{out.name}_hidden", "int8", quantization=hidden))
    for index in node.intermediates:  # they only say scales
        graph.change(index, shape=(0,))


def _power(node: EditedOp, cell: float) -> int:
    """Return the power of two that holds the cells, within what LiteRT takes."""
    power = math.ceil(math.log2(max(cell, 1.0)))
    if node.options.cell_clip > 0:
        power = min(power, math.ceil(math.log2(max(node.options.cell_clip, 1.0))))
    return min(max(power, _LEAST_POWER), _MOST_POWER)


def _gate(graph: GraphEdit, node: EditedOp, gate: int, inside: Inside, name: str) -> int:
    """Return the tensor that says the scale of a gate before it is normalized, of all or of none."""
    if _at(node, _NORMS[_FORGET]) == LEFT_OUT:
        return graph.add(name, "float32")
    if _at(node, _NORMS[gate]) == LEFT_OUT:  # it is not there; LiteRT reads its scale all the same
        gate = _FORGET
    scale = max(_reach(inside(gate_name(gate))) / 32767, 2.0**-20)
    return graph.add(name, "int16", quantization=fixed_quantization(scale, 0))


def _gate_step(graph: GraphEdit, node: EditedOp, x: float, gate: int) -> float:
    norm = _at(node, _NORMS[gate])
    if norm != LEFT_OUT:
        return graph.tensors[norm].scale * _NORM_STEP
    return float(np.float32(x) * np.float32(graph.tensors[node.inputs[1 + gate]].scale))


def _ends(found: tuple[float, float] | str) -> tuple[float, float]:
    assert not isinstance(found, str)
    return found


def _reach(found: tuple[float, float] | str) -> float:
    low, high = _ends(found)
    return max(-low, high)


def _at(node: EditedOp, place: int) -> int:
    return node.inputs[place] if place < len(node.inputs) else LEFT_OUT


def _change(node: EditedOp, place: int, made: Callable[[int], int]) -> None:
    """Give an op another tensor at a place that has one."""
    if _at(node, place) != LEFT_OUT:
        node.inputs[place] = made(node.inputs[place])
