"""A DEPTHWISE_CONV_2D without a bias gets one of zeros: LiteRT dies of one without."""

from __future__ import annotations

import numpy as np

from ..writer import LEFT_OUT, GraphEdit


def add_biases(graph: GraphEdit) -> None:
    """Give every depthwise convolution of floats a bias."""
    for node in graph.nodes:
        filters = graph.tensors[node.inputs[1]] if len(node.inputs) > 1 else None
        if node.name != "DEPTHWISE_CONV_2D" or filters is None or filters.dtype != "float32":
            continue
        if len(node.inputs) < 3 or node.inputs[2] == LEFT_OUT:
            zeros = np.zeros((filters.shape or (0,))[-1], np.float32)
            name = f"{graph.tensors[node.outputs[0]].name}_bias"
            node.inputs[2:] = [graph.add(name, "float32", data=zeros)]
