"""What generated graphs of a kind are made of."""

from __future__ import annotations

from delegraph_conformance.graphs.random_graph import random_graph


def test_graphs_of_logic_chain_comparisons_flags_and_casts() -> None:
    graphs = [random_graph(seed, "logic").subgraphs[0] for seed in range(20)]
    ops = [op for graph in graphs for op in graph.ops]
    casts = {(op.inputs[0].dtype, op.outputs[0].dtype) for op in ops if op.name == "CAST" and op.inputs[0]}

    assert {"EQUAL", "LESS", "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT", "SELECT"} <= {
        op.name for op in ops
    }
    assert {("int32", "int64"), ("int32", "bool"), ("bool", "int32"), ("bool", "float32")} <= casts


def test_weights_of_four_bits_stand_beside_bytes() -> None:
    graphs = [random_graph(seed, "int4").subgraphs[0] for seed in range(10)]
    found = {
        tuple(t.dtype for t in op.inputs[:2] if t)
        for graph in graphs
        for op in graph.ops
        if op.name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    }
    assert found == {("int8", "int4")}
