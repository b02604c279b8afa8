"""Shapes are propagated and ops of constants folded before a model is cut up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from delegraph import Delegate, InputError, Interpreter, ModelError, OpSupport, Partition, Run, SupportTable
from delegraph.model import Builder, Model
from delegraph.partition import Budget, specialize


class Doubler(Delegate):
    """A reference delegate that knows DEQUANTIZE, SHAPE and CAST; it counts what it computes."""

    name = "reference"
    dynamic = True

    def __init__(self) -> None:
        super().__init__()
        rows = [OpSupport(op, (1, 9), "any -> any") for op in ("DEQUANTIZE", "SHAPE", "CAST")]
        self.table = SupportTable(self.name, rows)
        self.computed: list[str] = []

    def prepare(self, partition: Partition) -> Run:
        (op,) = partition.ops
        compute: dict[str, Callable[..., np.ndarray]] = {
            "DEQUANTIZE": lambda: op.inputs[0].data.astype(np.float32),
            "CAST": lambda: op.inputs[0].data.astype(op.outputs[0].dtype),
            "SHAPE": lambda x: np.array(x.shape, np.int32),
        }

        def run(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
            self.computed.append(op.name)
            return (compute[op.name](*inputs),)

        return run


def relu_of(shape: tuple[int, ...]) -> Model:
    g = Builder()
    x = g.input(shape, "float32", name="x")
    y = g.op("RELU", [x], [g.tensor(shape, "float32")])
    return g.model([g.op("MUL", [y, y], [g.tensor(shape, "float32")])])


def test_a_new_input_shape_reaches_every_tensor_after_it() -> None:
    graph = specialize(relu_of((1, 4)), {(0, 0): (8, 4)}).subgraphs[0]
    assert [t.shape for t in graph.tensors] == [(8, 4)] * 3
    assert [op.outputs[0].shape for op in graph.ops] == [(8, 4)] * 2


def test_a_model_whose_shapes_hold_is_left_as_it_is() -> None:
    model = relu_of((1, 4))
    assert specialize(model).subgraphs[0] is model.subgraphs[0]


def test_shapes_that_do_not_fit_name_the_op() -> None:
    g = Builder()
    x = g.input((2, 3), "float32")
    w = g.constant(np.zeros((4, 3), np.float32))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((2, 4), "float32")])
    with pytest.raises(InputError, match=r"op #0 FULLY_CONNECTED v1 needs a multiple of 3 .* 2×5"):
        specialize(g.model([y]), {(0, 0): (2, 5)})


def test_a_tensor_above_the_limit_is_refused_before_it_is_made() -> None:
    with pytest.raises(ModelError, match="max_tensor_bytes=1000"):
        specialize(relu_of((1, 4)), {(0, 0): (1000, 4)}, budget=Budget(max_tensor_bytes=1000))


def test_ops_of_constants_leave_the_graph_and_are_computed_when_asked_for() -> None:
    g = Builder()
    x = g.input((2,), "float32")
    half = g.constant(np.array([1, 2], np.float16))
    w = g.op("DEQUANTIZE", [half], [g.tensor((2,), "float32")], version=3)
    model = g.model([g.op("MUL", [x, w], [g.tensor((2,), "float32")])])
    delegate = Doubler()
    graph = specialize(model, delegates=[delegate]).subgraphs[0]
    assert [op.name for op in graph.ops] == ["MUL"]
    assert [op.name for op in graph.folded] == ["DEQUANTIZE"]
    assert delegate.computed == []
    weights = graph.ops[0].inputs[1]
    assert weights is not None
    assert weights.is_constant
    np.testing.assert_array_equal(weights.data, [1, 2])
    assert weights.data is not None
    assert not weights.data.flags.writeable
    assert delegate.computed == ["DEQUANTIZE"]


def test_the_shape_of_a_computed_tensor_is_a_constant() -> None:
    g = Builder()
    x = g.input((5, 7), "float32")
    dims = g.op("SHAPE", [x], [g.tensor((2,), "int32")])
    y = g.op("RESHAPE", [x, g.op("CAST", [dims], [g.tensor((2,), "int32")])], [g.tensor((5, 7), "float32")])
    graph = specialize(g.model([y]), {(0, 0): (3, 2)}, delegates=[Doubler()]).subgraphs[0]
    assert [op.name for op in graph.folded] == ["SHAPE", "CAST"]
    assert graph.outputs[0].shape == (3, 2)


def test_without_a_reference_delegate_nothing_is_folded() -> None:
    g = Builder()
    half = g.constant(np.array([1, 2], np.float16))
    w = g.op("DEQUANTIZE", [half], [g.tensor((2,), "float32")], version=3)
    assert len(specialize(g.model([w])).subgraphs[0].ops) == 1


def test_an_op_of_constants_that_writes_a_variable_runs() -> None:
    g = Builder()
    half, total = g.constant(np.array([1, 2], np.float16)), g.variable((2,), "float32")
    g.op("CAST", [half], [total])
    (op,) = specialize(g.model([total]), delegates=[Doubler()]).subgraphs[0].ops
    assert op.name == "CAST"
    assert not op.outputs[0].is_constant


def test_a_variable_begins_with_what_dequantize_writes_once() -> None:
    g = Builder()
    half, total = g.constant(np.array([1, 2], np.float16)), g.variable((2,), "float32")
    g.op("DEQUANTIZE", [half], [total], version=3)
    graph = specialize(g.model([total]), delegates=[Doubler()]).subgraphs[0]
    assert graph.ops == ()
    assert graph.outputs[0].begins() == pytest.approx([1, 2])
    assert not graph.outputs[0].is_constant


def test_a_variable_that_an_op_read_before_does_not_begin_so() -> None:
    g = Builder()
    half, total = g.constant(np.array([1, 2], np.float16)), g.variable((2,), "float32")
    before = g.op("ABS", [total], [g.tensor((2,), "float32")])
    g.op("DEQUANTIZE", [half], [total], version=3)
    graph = specialize(g.model([before]), delegates=[Doubler()]).subgraphs[0]
    assert [op.name for op in graph.ops] == ["ABS", "DEQUANTIZE"]


def test_a_shape_that_values_decide_is_unknown_and_so_is_what_follows() -> None:
    g = Builder()
    x = g.input((2, 3), "bool")
    found = g.op("WHERE", [x], [g.tensor((1, 2), "int64")])
    y = g.op("ABS", [found], [g.tensor((1, 2), "int64")])
    graph = specialize(g.model([y])).subgraphs[0]
    assert [op.outputs[0].shape for op in graph.ops] == [None, None]


def while_loop(body_op: str) -> Model:
    """``while True: x = body_op(x)``: TILE by 2 grows, ABS keeps the shape."""
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    cond.input((2,), "float32")
    cond.returns(cond.constant(np.array(True)))
    x = body.input((2,), "float32")
    operands = [x, body.constant(np.array([2], np.int32))] if body_op == "TILE" else [x]
    body.returns(body.op(body_op, operands, [body.tensor((2,), "float32")]))
    start = g.input((2,), "float32")
    indices = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    end = g.op("WHILE", [start], [g.tensor((2,), "float32")], **indices)
    return g.model([end])


@pytest.mark.parametrize(("body_op", "shape"), [("ABS", (6,)), ("TILE", None)])
def test_a_loop_keeps_a_shape_only_if_its_body_does(body_op: str, shape: tuple[int, ...] | None) -> None:
    model = specialize(while_loop(body_op), {(0, 0): (6,)})
    assert model.subgraphs[0].outputs[0].shape == shape
    assert [g.inputs[0].shape for g in model.subgraphs[1:]] == [shape, shape]


def test_an_op_gets_the_subgraph_that_is_part_of_its_meaning() -> None:
    g = Builder()
    update = g.subgraph("update")
    a, b = update.input((), "float32"), update.input((), "float32")
    update.returns(update.op("STABLEHLO_ADD", [a, b], [update.tensor((), "float32")]))
    given = [g.input((4,), "float32"), g.input((1, 1), "int32"), g.input((1,), "float32")]
    y = g.op(
        "STABLEHLO_SCATTER",
        given,
        [g.tensor((4,), "float32")],
        update_computation_subgraph_index=update.index,
    )
    model = g.model([y])
    (op,) = specialize(model).subgraphs[0].ops
    assert [body.ops[0].name for body in op.bodies] == ["STABLEHLO_ADD"]
    assert op == model.subgraphs[0].ops[0]


def test_a_type_that_an_op_sets_is_told_everywhere(toy):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    y = g.op("ADD", [x, x], [g.tensor((2,), "int32")])
    g.op("LESS", [y, x], [g.tensor((2,), "uint8", name="z")])
    it = Interpreter(model=g.model(), delegates=[toy()])

    it.allocate_tensors()

    assert [d["dtype"] for d in it.get_output_details()] == [np.bool_]
    assert [d["dtype"] for d in it.get_tensor_details()] == [np.float32, np.float32, np.bool_]
    assert [d["result_types"] for d in it._get_ops_details()] == [[np.float32], [np.bool_]]
    assert it(np.float32([1, -1])).tolist() == [False, True]
    assert [t.dtype for p in it.plan.partitions for t in p.outputs] == ["bool"]
