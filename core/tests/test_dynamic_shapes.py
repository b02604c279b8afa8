"""Shapes that callers choose, and shapes that only a run shows."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from delegraph import InputError, ModelError, UnsupportedOps, needs, shapes
from delegraph.model import Builder, Model
from delegraph.run.partition_run import KEPT_LIGHT, KEPT_SHAPES


def negating(shape=(-1, 2)) -> Model:
    g = Builder()
    x = g.input(shape, "float32", name="x")
    y = g.tensor([1 if n == -1 else n for n in shape], "float32", name="y")
    return g.model(outputs=[g.op("NEG", [x], [y])])


def test_details_follow_a_resize_as_in_litert(interpret):
    i = interpret(negating())
    i.resize_tensor_input(0, [3, 2])
    assert i.get_input_details()[0]["shape"].tolist() == [3, 2]
    assert i.get_input_details()[0]["shape_signature"].tolist() == [-1, 2]
    assert i.get_output_details()[0]["shape"].tolist() == [1, 2]  # not before allocation
    i.allocate_tensors()
    assert i.get_output_details()[0]["shape"].tolist() == [3, 2]


def test_a_resize_asks_for_allocation_again(interpret):
    i = interpret(negating())
    i.allocate_tensors()
    i.resize_tensor_input(0, [3, 2])
    with pytest.raises(RuntimeError, match="after resize_tensor_input"):
        i.invoke()
    with pytest.raises(ValueError, match="allocate_tensors"):
        i.set_tensor(0, np.zeros((3, 2), np.float32))


def test_a_resize_to_the_shape_it_has_changes_nothing(interpret, toy):
    delegate = toy()
    i = interpret(negating(), delegate)
    i.allocate_tensors()
    i.resize_tensor_input(0, [1, 2])
    i.invoke()
    assert len(delegate.prepared) == 1


def test_strict_resizing_changes_open_sizes_only(interpret):
    i = interpret(negating())
    i.resize_tensor_input(0, [5, 2], strict=True)
    with pytest.raises(RuntimeError, match=r"needs shape \?×2"):
        i.resize_tensor_input(0, [5, 3], strict=True)
    with pytest.raises(RuntimeError, match=r"needs shape \?×2"):
        i.resize_tensor_input(0, [5], strict=True)
    i.resize_tensor_input(0, [5, 3])


@pytest.mark.parametrize(
    ("index", "size", "error", "message"),
    [
        (0, [-1, 2], RuntimeError, "needs sizes of 0 or more"),
        (1, [1, 2], RuntimeError, "tensor 1 is no input of the model; its inputs: 0 'x'"),
        (7, [1, 2], RuntimeError, "tensor 7 is no input"),
        (0, [[1, 2]], ValueError, "sequence of integers, found 2 dimensions"),
        (0, "ab", ValueError, "sequence of integers, found 'ab'"),
    ],
)
def test_a_resize_that_cannot_be_is_refused(interpret, index, size, error, message):
    with pytest.raises(error, match=message) as raised:
        interpret(negating()).resize_tensor_input(index, size)
    assert isinstance(raised.value, InputError)


def test_shapes_that_do_not_fit_an_op_are_refused_with_its_name(interpret):
    g = Builder()
    x, z = g.input((2,), "float32"), g.input((2,), "float32")
    i = interpret(g.model(outputs=[g.op("ADD", [x, z], [g.tensor((2,), "float32")])]))
    i.resize_tensor_input(0, [3])
    with pytest.raises(RuntimeError, match="op #0 ADD v1"):
        i.allocate_tensors()
    i.resize_tensor_input(0, [2])
    i.allocate_tensors()


def test_an_input_may_be_empty(interpret):
    assert interpret(negating())(np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_a_resize_beyond_max_tensor_bytes_is_refused(interpret):
    i = interpret(negating(), max_tensor_bytes=1000)
    i.resize_tensor_input(0, [10**6, 2])
    with pytest.raises(ModelError, match="max_tensor_bytes=1000"):
        i.allocate_tensors()


def ranging() -> Model:
    """y = -range(0, n, 1): n decides y's shape."""
    g = Builder()
    n = g.input((), "int32", name="n")
    zero, one = g.constant(np.int32(0)), g.constant(np.int32(1))
    r = g.op("RANGE", [zero, n, one], [g.tensor((1,), "int32")])
    return g.model(outputs=[g.op("NEG", [r], [g.tensor((1,), "int32", name="y")])])


def test_a_value_may_decide_a_shape(interpret):
    i = interpret(ranging())
    for n in (3, 0, 5):
        assert i(n).tolist() == [-k for k in range(n)]


def test_the_plan_says_what_is_prepared_only_when_shapes_are_known(interpret):
    i = interpret(ranging())
    assert [(p.deferred, [op.name for op in p.ops]) for p in i.plan.partitions] == [
        (True, ["RANGE", "NEG"]),
    ]


def test_details_show_a_shape_of_the_run_once_there_was_one(interpret):
    i = interpret(ranging())
    i.allocate_tensors()
    assert i.get_output_details()[0]["shape"].tolist() == [1]  # the file's
    i(4)
    assert i.get_output_details()[0]["shape"].tolist() == [4]


def test_prepare_never_sees_an_unknown_input_shape(interpret, toy):
    class Checking(toy):
        def prepare(self, partition):
            assert all(t.shape is not None for op in partition.ops for t in op.inputs)
            return super().prepare(partition)

    assert interpret(ranging(), Checking())(3).tolist() == [0, -1, -2]


@pytest.mark.parametrize(("op", "kept"), [("NEG", KEPT_LIGHT), ("ADD", KEPT_SHAPES)])
def test_what_was_prepared_for_the_last_shapes_is_kept(interpret, toy, op, kept):
    """Fewer of an op that has weights: each may hold them in a form of its own."""
    delegate = toy()
    i = interpret(ranging() if op == "NEG" else adding_weights(), delegate)
    for _ in range(3):
        for n in range(kept):
            i(n)
    assert delegate.prepared.count([op]) == kept
    i(1000)
    i(1)  # still there
    assert delegate.prepared.count([op]) == kept + 1
    i(0)  # the oldest has gone
    assert delegate.prepared.count([op]) == kept + 2


def adding_weights() -> Model:
    g = Builder()
    n, zero, one = g.input((), "int32", name="n"), g.constant(np.int32(0)), g.constant(np.int32(1))
    counted = g.op("RANGE", [zero, n, one], [g.tensor((1,), "int32")])
    weights = g.constant(np.zeros((100, 1), np.int32))
    return g.model([g.op("ADD", [counted, weights], [g.tensor((100, 1), "int32")])])


def test_data_may_decide_how_much_there_is(interpret):
    g = Builder()
    x = g.input((4,), "bool", name="x")
    rows = g.op("WHERE", [x], [g.tensor((1, 1), "int64")])
    twice = g.op("ADD", [rows, rows], [g.tensor((1, 1), "int64")])
    i = interpret(g.model(outputs=[twice]))
    assert i(np.array([True, False, True, True])).tolist() == [[0], [4], [6]]
    assert i(np.array([False, False, False, False])).shape == (0, 1)


def test_a_custom_op_whose_rule_leaves_the_shape_open_may_return_any(interpret):
    g = Builder()
    x = g.input((4,), "int32", name="x")
    odd = g.op("Odd", [x], [g.tensor((), "int32")])
    y = g.op("NEG", [odd], [g.tensor((), "int32")])
    assert interpret(g.model(outputs=[y]))([1, 2, 3, 5]).tolist() == [-1, -3, -5]


def test_a_delegate_that_is_not_dynamic_leaves_such_ops_to_the_next(interpret, toy):
    class Static(toy):
        name = "static"
        dynamic = False

    i = interpret(ranging(), Static("NEG"), toy())
    assert i(3).tolist() == [0, -1, -2]
    assert [p.label for p in i.plan.partitions] == ["toy"]


def few(limit: int):
    @needs(f"at most {limit} values")
    def rule(op):
        return None if op.inputs[0].shape[0] <= limit else f"{op.inputs[0].shape[0]}"

    return rule


def test_a_constraint_that_a_runs_shape_breaks_sends_the_op_to_the_next_delegate(interpret, toy, caplog):
    small, large = toy("NEG", constraints=(few(3),), label="small"), toy(label="large")
    i = interpret(ranging(), small, large)
    assert i(3).tolist() == [0, -1, -2]
    assert i(4).tolist() == [0, -1, -2, -3]
    assert small.prepared == [["NEG"]]
    assert large.prepared.count(["NEG"]) == 1
    with caplog.at_level(logging.WARNING, "delegraph"):
        i(5)
    assert "op #1 NEG v1 cannot be handled by small: needs at most 3 values, found 5" in caplog.text


def test_shapes_that_no_delegate_takes_are_an_error_that_says_why(interpret, toy):
    i = interpret(ranging(), toy("NEG", constraints=(few(3),)), toy("RANGE"))
    with pytest.raises(
        UnsupportedOps, match="op #1 NEG v1 cannot be handled by toy: needs at most 3 values"
    ):
        i(4)
    assert i(2).tolist() == [0, -1]


def test_a_runs_shape_beyond_max_tensor_bytes_is_refused(interpret):
    i = interpret(ranging(), max_tensor_bytes=1000)
    with pytest.raises(ModelError, match=r"op #0 RANGE v1.*max_tensor_bytes=1000"):
        i(1000)


def test_a_run_on_known_shapes_does_not_look_for_them_again(interpret, monkeypatch):
    looked = []
    infer = shapes.infer
    monkeypatch.setattr(shapes, "infer", lambda op, *rest: looked.append(op.name) or infer(op, *rest))
    i = interpret(ranging())
    for n in (3, 4, 3, 4):
        i(n)
    before = len(looked)
    for n in (3, 4, 3, 4):
        assert i(n).tolist() == [-k for k in range(n)]
    assert looked[before:].count("NEG") == 0


def test_other_values_of_the_same_shape_are_told_apart(interpret):
    i = interpret(model_of_where())
    for _ in range(2):
        assert i([[True, False, True]]).shape == (2, 2)
        assert i([[True, True, True]]).shape == (3, 2)


def model_of_where():
    """The places where x is true: as many as only a run shows."""
    g = Builder()
    x = g.input((1, 3), "bool", name="x")
    found = g.op("WHERE", [x], [g.tensor((1, 2), "int64")])
    return g.model([g.op("NEG", [found], [g.tensor((1, 2), "int64")])])
