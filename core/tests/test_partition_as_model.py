"""A partition as a model of its own: what it holds, and what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Blocks, InputError, Model, Partition, read_model, write_model
from delegraph.model import Builder
from delegraph.partition import partition, specialize


def parts(model: Model, **shapes: tuple[int, ...]) -> tuple[Partition, ...]:
    """Return the partitions of a model that nobody runs: one with all ops, but for core's."""
    named = {t.name: t.index for t in model.subgraphs[0].inputs}
    ready = specialize(model, {(0, named[name]): shape for name, shape in shapes.items()})
    return partition(ready, []).partitions


def again(part: Partition) -> Model:
    """Return the part as it reads from its file, which is to be the same."""
    alone = part.as_model()
    assert read_model(write_model(alone)) == alone
    return alone


def test_tensors_begin_with_the_inputs_of_the_partition_in_their_order():
    g = Builder()
    g.tensor((9,), "int32", "unused")
    x, y = g.input((2,), "float32", "x"), g.input((2,), "float32", "y")
    w = g.constant(np.ones(2, np.float32), name="w")
    z = g.op("SUB", [w, y], [g.tensor((2,), "float32", "z")])
    out = g.op("ADD", [z, x], [g.tensor((2,), "float32", "out")])
    (part,) = parts(g.model([out, z]))
    alone = again(part)
    (graph,) = alone.subgraphs
    assert [t.name for t in graph.tensors] == ["x", "y", "w", "z", "out"]
    assert [t.name for t in graph.inputs] == ["x", "y"]
    assert [t.name for t in graph.outputs] == [t.name for t in part.outputs]
    assert [t.index for t in graph.tensors] == list(range(5))
    assert [c.name for c in alone.operator_codes] == ["SUB", "ADD"]


def test_state_stays_state_and_its_next_values_are_outputs():
    g = Builder()
    x = g.input((1, 2), "float32", "x")
    weights = [g.constant(np.ones(s, np.float32)) for s in ((2, 2), (2, 2), (2,))]
    state = g.variable((1, 2), "float32", "state")
    g.op("RNN", [x, *weights, state], [g.tensor((1, 2), "float32", "y")])
    (part,) = parts(g.model())
    (graph,) = again(part).subgraphs
    assert [t.name for t in part.inputs] == ["x", "state"]
    assert [t.name for t in graph.tensors[:2]] == ["x", "state"]
    assert graph.tensors[1].is_variable
    assert [t.name for t in graph.inputs] == ["x"]
    assert [t.name for t in graph.outputs] == ["y", "state"]


def test_every_tensor_has_a_name_of_its_own():
    g = Builder()
    x, y = g.input((2,), "float32", "a"), g.input((2,), "float32", "a_1")
    z = g.op("ADD", [x, y], [g.tensor((2,), "float32", "a")])
    g.op("NEG", [g.op("ABS", [z], [g.tensor((2,), "float32", "")])], [g.tensor((2,), "float32", "")])
    (part,) = parts(g.model())
    assert [t.name for t in again(part).subgraphs[0].tensors] == ["a", "a_1", "a_2", "tensor_3", "tensor_4"]


def test_shapes_are_those_of_the_plan():
    g = Builder()
    x = g.input((-1, 3), "float32", "x")
    y = g.op("NEG", [x], [g.tensor((1, 3), "float32")])
    (part,) = parts(g.model([y]), x=(5, 3))
    (graph,) = again(part).subgraphs
    assert [(t.shape, t.shape_signature) for t in graph.tensors] == [((5, 3), None), ((5, 3), None)]


def test_a_shape_that_only_a_run_shows_is_of_any_rank():
    g = Builder()
    x = g.input((4,), "int32")
    y = g.op("FILL", [x, g.constant(np.int32(1))], [g.tensor((1, 1, 1, 1), "int32")])
    (part,) = parts(g.model([y]))
    (graph,) = again(part).subgraphs
    assert (graph.outputs[0].shape, graph.outputs[0].has_rank) == ((), False)


def test_scales_of_blocks_come_along():
    g = Builder()
    x = g.input((1, 64), "float32")
    scales = g.constant(np.ones((4, 2), np.float16), name="scales")
    w = g.constant(np.ones((4, 64), np.int8), "int4", name="w", blocks=Blocks(scales, 32))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 4), "float32")], version=12)
    (part,) = parts(g.model([y]))
    (graph,) = again(part).subgraphs
    (weights,) = (t for t in graph.tensors if t.name == "w")
    assert weights.quantization.blocks.scales is graph.tensors[-1]
    assert graph.tensors[-1].name == "scales"


def test_weights_that_share_a_buffer_still_do():
    g = Builder()
    x = g.input((2,), "float32")
    w = g.constant(np.ones(2, np.float32))
    y = g.op("ADD", [x, w], [g.tensor((2,), "float32")])
    z = g.op("MUL", [y, w], [g.tensor((2,), "float32")])
    (part,) = parts(g.model([z]))
    assert len(again(part).buffers) == 2  # the empty one and w's


def test_what_a_partition_calls_comes_along_and_no_more():
    g = Builder()
    g.subgraph("unused")
    then, otherwise, inner = g.subgraph("then"), g.subgraph("else"), g.subgraph("inner")
    a, b, c = (s.input((2,), "float32") for s in (then, otherwise, inner))
    inner.op("NEG", [c], [inner.tensor((2,), "float32")])
    then.op("CALL", [a], [then.tensor((2,), "float32")], subgraph=inner.index)
    otherwise.op("EXP", [b], [otherwise.tensor((2,), "float32")])
    x, p = g.input((2,), "float32"), g.input((), "bool")
    y = g.op("ABS", [x], [g.tensor((2,), "float32")])
    g.op(
        "IF",
        [p, y],
        [g.tensor((2,), "float32")],
        then_subgraph_index=then.index,
        else_subgraph_index=otherwise.index,
    )
    alone = again(parts(g.model())[1])
    assert [s.name for s in alone.subgraphs] == ["main", "then", "else", "inner"]
    assert alone.subgraphs[0].ops[0].options.then_subgraph_index == 1
    assert alone.subgraphs[0].ops[0].options.else_subgraph_index == 2
    assert alone.subgraphs[1].ops[0].options.subgraph == 3
    assert [c.name for c in alone.operator_codes] == ["IF", "CALL", "EXP", "NEG"]


def test_a_partition_made_by_hand_cannot_bring_what_it_calls():
    g = Builder()
    body = g.subgraph("body")
    body.op("NEG", [body.input((2,), "float32")], [body.tensor((2,), "float32")])
    x = g.input((2,), "float32")
    g.op("CALL", [x], [g.tensor((2,), "float32")], subgraph=body.index)
    graph = g.model().subgraphs[0]
    part = Partition(None, "", graph.ops, graph.inputs, graph.outputs, graph=graph)
    with pytest.raises(InputError, match=r"op #0 CALL v1 calls subgraph 1, which is not at hand"):
        part.as_model()


def test_a_custom_op_keeps_its_own_name_and_options():
    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("odd\x1bname", [x], [g.tensor((2,), "float32")], version=3, custom_options=b"\x00\x01")
    (part,) = parts(g.model([y]))
    alone = again(part)
    assert alone.operator_codes[0].custom_code == "odd\x1bname"
    assert alone.subgraphs[0].ops[0].custom_options == b"\x00\x01"
