"""Sparse weights that an op reads as they are become dense: a DENSIFY before it, which folding computes."""

from __future__ import annotations

from delegraph import Op, Record

from ..writer import EditedOp, GraphEdit


def densify(graph: GraphEdit) -> None:
    """Let a DENSIFY make the sparse constants that other ops read."""
    read = {i for node in graph.nodes if node.name != "DENSIFY" for i in node.reads}
    for index in sorted(read):
        tensor = graph.tensors[index]
        if tensor.sparsity is None or not tensor.is_constant:
            continue
        made = graph.add(tensor.name, tensor.dtype, tensor, quantization=tensor.quantization)
        for node in graph.nodes:
            if node.name != "DENSIFY":
                node.replace_input(index, made)
        options = Record("DensifyOptions", {})
        op = Op(-1, "DENSIFY", 1, (tensor,), (graph.tensors[made],), options)  # of no place in the model
        graph.nodes.insert(0, EditedOp("DENSIFY", [index], [made], options, source=op))
