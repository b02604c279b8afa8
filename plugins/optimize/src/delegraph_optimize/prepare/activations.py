"""An activation that follows an op alone becomes the op's fused activation."""

from __future__ import annotations

from ..writer import EditedOp, GraphEdit

_ACTIVATIONS = {"RELU": "RELU", "RELU6": "RELU6", "RELU_N1_TO_1": "RELU_N1_TO_1"}
# Whose integer kernels clamp what they store. CONCATENATION has the option and refuses it.
_CLAMPING = frozenset(
    (
        "ADD",
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "MAX_POOL_2D",
        "MUL",
        "SUB",
    )
)


def fuse_activations(graph: GraphEdit, kept: set[int]) -> int:
    """Fuse what can be fused; return how many activations have gone."""
    producers, readers = graph.producers(), graph.readers()
    gone: list[EditedOp] = []
    for node in graph.nodes:
        if node.name not in _ACTIVATIONS:
            continue
        before = producers.get(node.inputs[0])
        if before is None or not _can_clamp(before, graph) or node.inputs[0] in kept:
            continue
        if len(readers[node.inputs[0]]) == 1:
            before.options = before.options.replace(fused_activation_function=_ACTIVATIONS[node.name])
            before.outputs = node.outputs
            producers[node.outputs[0]] = before
            gone.append(node)
    graph.nodes = [node for node in graph.nodes if all(node is not g for g in gone)]
    return len(gone)


def _can_clamp(node: EditedOp, graph: GraphEdit) -> bool:
    is_float = graph.tensors[node.outputs[0]].dtype == "float32"
    return node.name in _CLAMPING and is_float and node.options.fused_activation_function == "NONE"
