"""Control flow runs in core, and the ops inside its subgraphs are delegated like any others."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
from delegraph import ModelError
from delegraph.model import Builder, Model


def branches() -> Model:
    """y = -x if c else x + x."""
    g = Builder()
    c = g.input((), "bool", name="c")
    x = g.input((2,), "float32", name="x")
    then, otherwise = g.subgraph("then"), g.subgraph("else")
    a = then.input((2,), "float32")
    then.op("NEG", [a], [then.tensor((2,), "float32")])
    b = otherwise.input((2,), "float32")
    otherwise.op("ADD", [b, b], [otherwise.tensor((2,), "float32")])
    y = g.op(
        "IF", [c, x], [g.tensor((2,), "float32", name="y")],
        then_subgraph_index=then.index, else_subgraph_index=otherwise.index,
    )  # fmt: skip
    return g.model(outputs=[y])


def counting(limit=5) -> Model:
    """n, x = start, x; while n < limit: n, x = n + 1, x + x."""
    g = Builder()
    n, x = g.input((), "int32", name="n"), g.input((1,), "float32", name="x")
    cond, body = g.subgraph("cond"), g.subgraph("body")
    a = cond.input((), "int32")
    cond.input((1,), "float32")
    cond.returns(cond.op("LESS", [a, cond.constant(np.int32(limit))], [cond.tensor((), "bool")]))
    b, y = body.input((), "int32"), body.input((1,), "float32")
    b2 = body.op("ADD", [b, body.constant(np.int32(1))], [body.tensor((), "int32")])
    body.returns(b2, body.op("ADD", [y, y], [body.tensor((1,), "float32")]))
    outputs = g.op(
        "WHILE", [n, x], [g.tensor((), "int32", name="n2"), g.tensor((1,), "float32", name="x2")],
        cond_subgraph_index=cond.index, body_subgraph_index=body.index,
    )  # fmt: skip
    return g.model(outputs=outputs)


@pytest.mark.parametrize(("c", "expected"), [(True, [-1, -2]), (False, [2, 4])])
def test_if_runs_one_of_its_branches(interpret, c, expected):
    assert interpret(branches()).run({"c": np.array(c), "x": [1, 2]})["y"].tolist() == expected


def test_branches_are_delegated(interpret, toy):
    negative, other = toy("NEG", label="negative"), toy()
    i = interpret(branches(), negative, other)
    i.run({"c": np.array(True), "x": [1, 2]})
    assert [p.label for sub in i.plan.subgraphs for p in sub.partitions] == ["core", "negative", "toy"]
    assert negative.ran == ["NEG"]
    assert other.ran == []


def test_while_runs_its_body_until_the_condition_fails(interpret):
    found = interpret(counting()).run({"n": 0, "x": [1]})
    assert (found["n2"].item(), found["x2"].item()) == (5, 32)


def test_while_may_run_its_body_never(interpret):
    found = interpret(counting()).run({"n": 7, "x": [3]})
    assert (found["n2"].item(), found["x2"].item()) == (7, 3)


def test_a_body_is_prepared_once(interpret, toy):
    delegate = toy()
    interpret(counting(), delegate).run({"n": 0, "x": [1]})
    assert delegate.prepared == [["LESS"], ["ADD", "ADD"]]


def test_a_loop_can_be_interrupted(interpret, toy):
    class Impatient(toy):
        def step(self, op, values):
            if len(self.ran) == 20:
                raise KeyboardInterrupt
            super().step(op, values)

    delegate = Impatient()
    i = interpret(counting(10**9), delegate)
    with pytest.raises(KeyboardInterrupt):
        i.run({"n": 0, "x": [1]})
    delegate.ran.clear()
    assert i.run({"n": 10**9, "x": [1]})["x2"].item() == 1


def test_a_body_that_fails_on_one_delegate_falls_back_to_the_next(interpret, toy):
    class Shaky(toy):
        name = "shaky"

        def step(self, op, values):
            if len(self.ran) == 7:  # in the middle of the loop
                raise ValueError("device lost")
            super().step(op, values)

    found = interpret(counting(), Shaky(), toy(), on_failure="fallback").run({"n": 0, "x": [1]})
    assert (found["n2"].item(), found["x2"].item()) == (5, 32)


def test_a_loop_may_grow_its_values(interpret):
    g = Builder()
    n, x = g.input((), "int32", name="n"), g.input((1,), "float32", name="x")
    cond, body = g.subgraph("cond"), g.subgraph("body")
    a = cond.input((), "int32")
    cond.input((1,), "float32")
    cond.returns(cond.op("LESS", [a, cond.constant(np.int32(3))], [cond.tensor((), "bool")]))
    b, y = body.input((), "int32"), body.input((1,), "float32")
    b2 = body.op("ADD", [b, body.constant(np.int32(1))], [body.tensor((), "int32")])
    body.returns(b2, body.op("CONCATENATION", [y, y], [body.tensor((2,), "float32")], axis=0))
    outputs = g.op(
        "WHILE", [n, x], [g.tensor((), "int32", name="n2"), g.tensor((1,), "float32", name="x2")],
        cond_subgraph_index=cond.index, body_subgraph_index=body.index,
    )  # fmt: skip
    assert interpret(g.model(outputs=outputs)).run({"n": 0, "x": [1]})["x2"].tolist() == [1] * 8


def test_variables_inside_a_body_persist(interpret):
    g = Builder()
    c, x = g.input((), "bool", name="c"), g.input((1,), "float32", name="x")
    then, otherwise = g.subgraph("then"), g.subgraph("else")
    a = then.input((1,), "float32")
    total = then.variable((1,), "float32")
    then.op("Sum", [a, total], [then.tensor((1,), "float32")])
    otherwise.returns(otherwise.input((1,), "float32"))
    y = g.op(
        "IF", [c, x], [g.tensor((1,), "float32", name="y")],
        then_subgraph_index=then.index, else_subgraph_index=otherwise.index,
    )  # fmt: skip
    i = interpret(g.model(outputs=[y]))
    found = [i.run({"c": np.array(c), "x": [1]})["y"].item() for c in (True, False, True)]
    assert found == [1, 1, 2]


def test_a_composite_runs_by_its_decomposition_where_no_delegate_takes_it(interpret, toy):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    parts = g.subgraph("parts")
    a = parts.input((2,), "float32")
    parts.op("NEG", [a], [parts.tensor((2,), "float32")])
    y = g.op(
        "STABLEHLO_COMPOSITE", [x], [g.tensor((2,), "float32")],
        name="mine.negate", decomposition_subgraph_index=parts.index,
    )  # fmt: skip
    model = g.model(outputs=[y])
    assert interpret(model)(np.float32([1, 2])).tolist() == [-1, -2]

    class Whole(toy):
        def step(self, op, values):
            values[op.outputs[0].index] = -values[op.inputs[0].index]

    delegate = Whole("STABLEHLO_COMPOSITE:mine.negate")
    i = interpret(model, delegate)
    assert i(np.float32([1, 2])).tolist() == [-1, -2]
    assert [p.label for p in i.plan.partitions] == ["toy"]
    assert i._get_ops_details()[0]["op_name"] == "STABLEHLO_COMPOSITE"


@pytest.mark.parametrize(("index", "expected"), [(0, -1), (1, 2), (5, 2), (-1, 2)])
def test_case_runs_the_branch_of_its_index_else_the_last(interpret, index, expected):
    g = Builder()
    i, x = g.input((), "int32", name="i"), g.input((1,), "float32", name="x")
    first, last = g.subgraph("first"), g.subgraph("last")
    a = first.input((1,), "float32")
    first.op("NEG", [a], [first.tensor((1,), "float32")])
    b = last.input((1,), "float32")
    last.op("ADD", [b, b], [last.tensor((1,), "float32")])
    y = g.op(
        "STABLEHLO_CASE", [i, x], [g.tensor((1,), "float32", name="y")],
        branch_subgraph_indices=[first.index, last.index],
    )  # fmt: skip
    assert interpret(g.model(outputs=[y])).run({"i": index, "x": [1]})["y"].item() == expected


def test_a_body_with_other_inputs_than_its_op_is_a_broken_model(interpret):
    g = Builder()
    c = g.input((), "bool", name="c")
    then = g.subgraph("then")
    then.op("NEG", [then.input((1,), "float32")], [then.tensor((1,), "float32")])
    y = g.op(
        "IF",
        [c],
        [g.tensor((1,), "float32")],
        then_subgraph_index=then.index,
        else_subgraph_index=then.index,
    )
    with pytest.raises(
        ModelError, match="op #0 IF v1 needs subgraph 1 to have 0 inputs and 1 outputs, found 1 and 1"
    ):
        interpret(g.model(outputs=[y])).allocate_tensors()


def test_a_condition_that_is_not_bool_is_a_broken_model(interpret):
    g = Builder()
    c = g.input((), "int32", name="c")
    then = g.subgraph("then")
    then.returns(then.constant(np.float32([1])))
    y = g.op(
        "IF",
        [c],
        [g.tensor((1,), "float32")],
        then_subgraph_index=then.index,
        else_subgraph_index=then.index,
    )
    with pytest.raises(ModelError, match="needs a bool condition, found int32"):
        interpret(g.model(outputs=[y]))(1)


def test_memory_counts_what_a_body_needs(interpret):
    # n, x and the outputs: 16 bytes; inside the body two more values of 4 bytes
    assert interpret(counting()).memory().peak == 24


def test_a_case_without_branches_is_a_broken_model(interpret):
    g = Builder()
    index, x = g.input((), "int32"), g.input((2,), "float32")
    y = g.op(
        "STABLEHLO_CASE", [index, x], [g.tensor((2,), "float32", name="y")], branch_subgraph_indices=[]
    )
    with pytest.raises(ModelError, match="STABLEHLO_CASE v1 needs a branch, found none"):
        interpret(g.model([y])).allocate_tensors()


def test_the_index_of_a_case_is_int32(interpret):
    g = Builder()
    index, x = g.input((), "float32"), g.input((2,), "float32")
    branch = g.subgraph("only")
    branch.returns(branch.input((2,), "float32"))
    y = g.op(
        "STABLEHLO_CASE", [index, x], [g.tensor((2,), "float32")], branch_subgraph_indices=[branch.index]
    )
    with pytest.raises(ModelError, match="STABLEHLO_CASE v1 needs an index of type int32, found float32"):
        interpret(g.model([y])).allocate_tensors()


def test_a_body_whose_output_nobody_computes_is_a_broken_model(interpret):
    g = Builder()
    x = g.input((2,), "float32")
    body = g.subgraph("body")
    body.input((2,), "float32")
    body.returns(body.tensor((2,), "float32", name="nothing"))
    g.op("CALL", [x], [g.tensor((2,), "float32", name="y")], subgraph=body.index)
    with pytest.raises(
        ModelError, match=r"output tensor 1 'nothing' of subgraph 1 is .* computed by no op"
    ):
        interpret(g.model()).allocate_tensors()


def test_a_call_without_one_of_its_inputs_is_a_broken_model(interpret):
    g = Builder()
    g.input((2,), "float32")
    body = g.subgraph("body")
    x = body.input((2,), "float32")
    body.returns(body.op("NEG", [x], [body.tensor((2,), "float32")]))
    g.op("CALL", [None], [g.tensor((2,), "float32", name="y")], subgraph=body.index)
    with pytest.raises(ModelError, match="CALL v1 needs all its inputs, found none at place 0"):
        interpret(g.model()).allocate_tensors()


def test_a_loop_whose_rounds_can_be_counted_does_not_wait_for_its_condition(interpret, toy):
    delegate = toy()
    interpret(counting(limit=5), delegate).run({"n": 0, "x": [1]})
    assert delegate.ran.count("LESS") == 1  # once, at the end, for whoever asks for its tensors
    assert delegate.ran.count("ADD") == 10


def test_what_holds_during_a_run_is_entered_once_however_often_a_loop_goes_round(interpret, toy):
    entered = []

    class Scoped(toy):
        @contextmanager
        def running(self):
            entered.append("in")
            yield
            entered.append("out")

        def step(self, op, values):
            assert entered == ["in"]
            super().step(op, values)

    delegate = Scoped()
    i = interpret(counting(), delegate)
    i.run({"n": np.int32(0), "x": [1]})
    assert entered == ["in", "out"]
    assert delegate.ran.count("ADD") == 10


def test_nothing_is_entered_of_a_delegate_that_has_nothing_to_run(interpret, toy):
    class Spare(toy):
        @contextmanager
        def running(self):
            raise AssertionError("it runs nothing")
            yield

    spare = Spare()
    interpret(counting(), toy(), spare).run({"n": np.int32(0), "x": [1]})
    assert spare.problems == ()
