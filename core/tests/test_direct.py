"""A model that one delegate runs as a whole: from the second run on directly, and all else stays."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, DelegateFailed, InputError, StateError, profile
from delegraph.run import session


@pytest.fixture
def direct_runs(monkeypatch):
    """A list that gets an entry for each direct run."""
    found, run = [], session.Session._run_direct
    monkeypatch.setattr(
        session.Session, "_run_direct", lambda self, *given: (found.append(given), run(self, *given))[1]
    )
    return found


def negated(size=2):
    g = Builder()
    x = g.input((size,), "float32", "x")
    return g.model(outputs=[g.op("NEG", [x], [g.tensor((abs(size),), "float32")])])


def counting():
    """y = x + the sum of all x before."""
    g = Builder()
    x, total = g.input((1,), "float32", "x"), g.variable((1,), "float32", name="total")
    return g.model(outputs=[g.op("Sum", [x, total], [g.tensor((1,), "float32")])])


def test_from_the_second_run_on(interpret, direct_runs):
    i = interpret(negated())
    assert [i(x).tolist() for x in ([1, 2], [3, 4], [5, 6])] == [[-1, -2], [-3, -4], [-5, -6]]
    assert len(direct_runs) == 2


@pytest.mark.parametrize(
    "settings",
    [{"experimental_preserve_all_tensors": True}, {"experimental_disable_delegate_clustering": True}],
    ids=["all tensors", "op by op"],
)
def test_not_where_core_has_something_to_do(interpret, direct_runs, settings):
    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("NEG", [x], [g.tensor((2,), "float32")])
    i = interpret(g.model(outputs=[g.op("ADD", [y, y], [g.tensor((2,), "float32")])]), **settings)
    assert [i([1, 2]).tolist() for _ in range(2)] == [[-2, -4]] * 2
    assert not direct_runs


def test_state_is_kept_and_that_of_a_failed_run_is_not(interpret, toy):
    class Failing(toy):
        fails = False

        def step(self, op, values):
            super().step(op, values)
            if self.fails:
                raise RuntimeError("no more")

    delegate = Failing()
    i = interpret(counting(), delegate)
    assert [i([1]).item() for _ in range(3)] == [1, 2, 3]
    delegate.fails = True
    with pytest.raises(DelegateFailed, match="no more"):
        i([1])
    delegate.fails = False
    assert i([1]).item() == 4


def test_a_failure_goes_to_the_next_delegate(interpret, toy, direct_runs):
    class Failing(toy):
        def step(self, op, values):
            super().step(op, values)
            if len(self.ran) == 2:
                raise RuntimeError("no more")

    i = interpret(negated(), Failing(), toy(label="spare"), on_failure="fallback")
    assert [i(x).tolist() for x in ([1, 2], [3, 4], [5, 6])] == [[-1, -2], [-3, -4], [-5, -6]]
    assert [p.label for p in i.plan.partitions] == ["spare"]
    assert len(direct_runs) == 2


@pytest.mark.parametrize("wrong", [(np.zeros(3, np.float32),), (np.zeros(2, np.int8),), (), None])
def test_what_is_returned_is_checked(interpret, toy, wrong):
    class Wrong(toy):
        def prepare(self, partition):
            answers = iter([(np.zeros(2, np.float32),), wrong])
            return lambda x: next(answers)

    i = interpret(negated(), Wrong())
    i([1, 2])
    with pytest.raises(DelegateFailed, match="needs to return"):
        i([1, 2])


def test_a_view_of_an_input_does_not_follow_it(interpret, toy, direct_runs):
    class Passing(toy):
        def prepare(self, partition):
            return lambda x: (x,)

    i = interpret(negated(), Passing())
    for value in (1, 2):
        i([value, value])
    i.set_tensor(0, np.float32([9, 9]))
    assert i.get_tensor(i.get_output_details()[0]["index"]).tolist() == [2, 2]
    assert len(direct_runs) == 1


@pytest.mark.parametrize("device_outputs", [False, True])
def test_who_reads_on_the_host_is_asked_for_that(interpret, toy, device_outputs):
    class OnHost(toy):
        def prepare(self, partition):
            def run(x):
                return (-x,)

            run.on_host = lambda x: (-10 * x,)
            return run

    i = interpret(negated(), OnHost(), device_outputs=device_outputs)
    found = [i([1, 2]).tolist() for _ in range(3)]
    assert found == [[-1, -2]] * 3 if device_outputs else [[-1, -2], [-10, -20], [-10, -20]]


def test_what_is_not_a_function_for_the_host_is_told_of(interpret, toy, caplog):
    class Wrong(toy):
        def prepare(self, partition):
            run = super().prepare(partition)
            run.on_host = 3
            return run

    i = interpret(negated(), Wrong())
    assert [i([1, 2]).tolist() for _ in range(3)] == [[-1, -2]] * 3
    assert "prepared needs to return a function, or None, found 3" in caplog.text


def test_after_a_resize_the_model_is_planned_anew(interpret, direct_runs):
    i = interpret(negated(-1))
    i([1, 2])
    i([1, 2])
    assert i([3, 4, 5]).tolist() == [-3, -4, -5]
    i.resize_tensor_input(0, [1])
    i.allocate_tensors()
    i.set_tensor(0, np.float32([7]))
    i.invoke()
    assert i.get_tensor(i.get_output_details()[0]["index"]).tolist() == [-7]
    assert len(direct_runs) == 1


def test_another_delegate_is_asked_from_the_next_run_on(interpret, toy):
    i = interpret(negated(), toy())
    i([1, 2])
    i([1, 2])
    i.modify_graph_with_delegate(second := toy(label="second"))
    assert i([1, 2]).tolist() == [-1, -2]
    assert second.ran == []


def test_who_listens_hears_of_it(interpret):
    i = interpret(negated())
    i([1, 2])
    i([1, 2])
    with profile.listen() as events:
        i([1, 2])
    assert [e.name for e in events] == ["NEG"]


def test_a_copy_is_the_callers_own(interpret):
    i = interpret(negated())
    i([1, 2])
    i.invoke()
    index = i.get_output_details()[0]["index"]
    i.get_tensor(index)[:] = 0
    assert i.get_tensor(index).tolist() == [-1, -2]
    i.tensor(index)()[:] = 5
    assert i.get_tensor(index).tolist() == [5, 5]


def test_inputs_are_all_set_or_none(interpret):
    g = Builder()
    x, y = g.input((2,), "float32", "x"), g.input((2,), "float32", "y")
    i = interpret(g.model(outputs=[g.op("ADD", [x, y], [g.tensor((2,), "float32")])]))
    given = {name: np.float32([1, 2]) for name in "xy"}
    assert [[y.tolist() for y in i.run(given).values()] for _ in range(3)] == [[[2, 4]]] * 3
    with pytest.raises(InputError, match="input 'y' needs float32, found int8"):
        i.run({"x": np.float32([7, 7]), "y": np.int8([1, 2])})
    with pytest.raises(InputError, match="no input 'z'"):
        i.run({"x": np.float32([7, 7]), "z": np.float32([1, 2])})
    assert i.get_tensor(0).tolist() == [1, 2]
    view = i.tensor(0)()
    with pytest.raises(StateError, match="still refer to memory"):
        i.run(given)
    del view
    i.resize_tensor_input(0, [3])
    i.resize_tensor_input(1, [3])
    assert [y.tolist() for y in i.run(given).values()] == [[2, 4]]
