"""SVDF on int8: int8 feature weights, time weights of 10 bits in 16, a state of 16, a bias of 32.

The kernel's RELU is the end of the output's range, whose zero point is therefore the lowest integer.

Source: tflite/kernels/svdf.cc; tflite/converter/tools/optimize/operator_property.cc.
"""

from __future__ import annotations

import numpy as np

from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .numbers import fixed_quantization
from .recurrent import int8_weights, int16_weights, int32_bias, integer_state

FEATURES, TIME, BIAS, STATE = range(1, 5)
_TIME_BITS = 10


def why_not_svdf(graph: GraphEdit, node: EditedOp) -> str:
    """Return why an SVDF cannot have integers; "" if it can."""
    if node.options.fused_activation_function != "RELU":
        return f"its activation is {node.options.fused_activation_function}"
    if node.inputs[BIAS] != LEFT_OUT and not graph.is_constant(node.inputs[BIAS]):
        return "its bias is computed"
    if node.inputs[STATE] == LEFT_OUT or not graph.tensors[node.inputs[STATE]].is_variable:
        return "its state is no variable"
    return ""


def with_integer_svdf(graph: GraphEdit, node: EditedOp, reach: float) -> None:
    """Give an SVDF, whose input and output have integers, weights, bias and state of integers.

    :param reach: how far the state was seen to go
    """
    node.inputs[FEATURES] = int8_weights(graph, node.inputs[FEATURES])
    node.inputs[TIME] = int16_weights(graph, node.inputs[TIME], _TIME_BITS)
    state = fixed_quantization(max(reach / 32767, 2.0**-30), 0)
    if node.inputs[BIAS] != LEFT_OUT:
        step = np.float32(graph.tensors[node.inputs[TIME]].scale) * state.scale[0]
        node.inputs[BIAS] = int32_bias(graph, node.inputs[BIAS], float(step))
    node.inputs[STATE] = integer_state(graph, node.inputs[STATE], "int16", state)
