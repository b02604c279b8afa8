"""Running a plan: what passes between partitions, what is checked, what is freed, and what failure does."""

from __future__ import annotations

import gc
import logging
import weakref

import numpy as np
import pytest
from delegraph import DelegateFailed, InputError, profile
from delegraph.model import Builder, Model


class OnDevice:
    """A value that only its maker may look inside."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.reads = 0

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        self.reads += 1
        return self.array


def gpu(toy):
    """Return a delegate whose values stay on its device."""

    class Gpu(toy):
        name = "gpu"

        def prepare(self, partition):
            on_host = super().prepare(partition)
            self.got, self.made = [], []

            def run(*inputs):
                self.got += [type(x) for x in inputs]
                results = on_host(*[x.array if isinstance(x, OnDevice) else x for x in inputs])
                self.made += [OnDevice(y) for y in results]
                return self.made[-len(results) :]

            return run

    return Gpu


def alternating(*names: str) -> Model:
    """A chain of unary ops."""
    g = Builder()
    x = g.input((2,), "float32", name="x")
    for name in names:
        x = g.op(name, [x] if name == "NEG" else [x, x], [g.tensor((2,), "float32")])
    return g.model(outputs=[x])


def test_a_device_value_goes_to_the_delegate_that_made_it_as_it_is(interpret, toy):
    device = gpu(toy)("NEG", "MUL")
    g = Builder()
    x = g.input((2,), "float32")
    a = g.op("NEG", [x], [g.tensor((2,), "float32")])
    b = g.op("ADD", [x, x], [g.tensor((2,), "float32")])
    c = g.op("MUL", [a, b], [g.tensor((2,), "float32")])
    i = interpret(g.model(outputs=[c]), device, toy("ADD"), experimental_disable_delegate_node_fusion=True)
    assert i(np.float32([1, 2])).tolist() == [-2, -8]
    assert OnDevice in device.got


def test_another_delegate_gets_an_array_brought_over_once(interpret, toy):
    class Cpu(toy):
        def step(self, op, values):
            assert all(type(v) is np.ndarray for v in values.values())
            super().step(op, values)

    device = gpu(toy)("NEG")
    g = Builder()
    x = g.input((2,), "float32")
    a = g.op("NEG", [x], [g.tensor((2,), "float32")])
    b = g.op("ADD", [a, a], [g.tensor((2,), "float32")])
    c = g.op("ADD", [a, b], [g.tensor((2,), "float32")])
    i = interpret(g.model(outputs=[c]), device, Cpu("ADD"), experimental_disable_delegate_node_fusion=True)
    assert i(np.float32([1, 2])).tolist() == [-3, -6]
    assert [v.reads for v in device.made] == [1]


def test_two_delegates_of_one_class_do_not_share_device_values(interpret, toy):
    Gpu = gpu(toy)
    first, second = Gpu("NEG"), Gpu("ADD")
    assert interpret(alternating("NEG", "ADD"), first, second)(np.float32([1, 2])).tolist() == [-2, -4]
    assert second.got == [np.ndarray]


def test_a_device_value_leaves_the_interpreter_as_an_array(interpret, toy):
    found = interpret(alternating("NEG"), gpu(toy)())(np.float32([1, 2]))
    assert type(found) is np.ndarray
    assert found.tolist() == [-1, -2]


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        ((np.zeros(3, np.float32),), r"float32 of shape 2.*found float32 of shape 3"),
        ((np.zeros(2),), r"float32 of shape 2.*found float64 of shape 2"),
        ((), "needs to return 1 values, found 0"),
        (([0.0, 0.0],), "needs to return an array.*found list"),
        (None, "found NoneType"),
    ],
)
def test_what_run_returns_is_checked(interpret, toy, returned, found):
    class Wrong(toy):
        def prepare(self, partition):
            return lambda *inputs: returned

    with pytest.raises(DelegateFailed, match=found):
        interpret(alternating("NEG"), Wrong())(np.float32([1, 2]))


def test_a_scalar_of_numpy_counts_as_an_array(interpret, toy):
    class Scalar(toy):
        def prepare(self, partition):
            return lambda x: (np.float32(x.sum()),)

    g = Builder()
    x = g.input((2,), "float32")
    i = interpret(g.model(outputs=[g.op("Odd", [x], [g.tensor((), "float32")])]), Scalar())
    assert i(np.float32([1, 2])) == 3


class Failing:
    """Makes delegates that fail."""

    @staticmethod
    def to_prepare(toy, *ops):
        class Unready(toy):
            name = "unready"

            def prepare(self, partition):
                raise ValueError("out of memory")

        return Unready(*ops)

    @staticmethod
    def to_run(toy, *ops, times=99):
        class Shaky(toy):
            name = "shaky"
            left = times

            def step(self, op, values):
                if self.left:
                    self.left -= 1
                    raise ValueError("device lost")
                super().step(op, values)

        return Shaky(*ops)


def test_a_delegate_that_fails_to_prepare_is_named_with_op_and_cause(interpret, toy):
    i = interpret(alternating("NEG"), Failing.to_prepare(toy))
    with pytest.raises(
        DelegateFailed, match="unready failed to prepare op #0 NEG v1: ValueError: out of memory"
    ) as raised:
        i.allocate_tensors()
    assert isinstance(raised.value.__cause__, ValueError)


def test_a_delegate_that_fails_to_run_is_named_with_op_and_cause(interpret, toy):
    i = interpret(alternating("ADD", "NEG"), Failing.to_run(toy))
    with pytest.raises(RuntimeError, match="2 ops, op #0 ADD v1 to op #1 NEG v1: ValueError: device lost"):
        i(np.float32([1, 2]))


def test_a_delegate_that_says_itself_what_failed_is_quoted(interpret, toy):
    class Telling(toy):
        def prepare(self, partition):
            def run(x):
                try:
                    raise ValueError("device lost")
                except ValueError as e:
                    raise DelegateFailed("op #0 NEG v1 failed") from e

            return run

    with pytest.raises(DelegateFailed, match=r"^toy: op #0 NEG v1 failed$") as raised:
        interpret(alternating("NEG"), Telling())(np.float32([1, 2]))
    assert isinstance(raised.value.__cause__, ValueError)


@pytest.mark.parametrize("where", ["prepare", "run"])
@pytest.mark.parametrize(
    ("raised", "is_fault"),
    [
        (KeyError(1406319), True),
        (IndexError("list index out of range"), True),
        (TypeError("run() takes 2 arguments"), True),
        (AttributeError("no attribute"), True),
        (AssertionError(), True),
        (UnboundLocalError("y"), True),
        (RecursionError("too deep"), True),
        (MemoryError("no memory"), False),
        (OSError("no driver"), False),
        (RuntimeError("device lost"), False),
        (InputError("needs indices from 0 to 3, found 7"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_mistake_in_a_delegate_is_called_its_packages_fault(interpret, toy, raised, is_fault, where):
    class Mistaken(toy):
        def prepare(self, partition):
            def fail(*_):
                raise raised

            return fail if where == "run" else fail()

    with pytest.raises(DelegateFailed) as failed:
        interpret(alternating("NEG"), Mistaken())(np.float32([1, 2]))
    assert ("a fault of" in str(failed.value)) is is_fault
    assert ('on_failure="fallback"' in str(failed.value)) is is_fault
    assert type(raised).__name__ in str(failed.value)


@pytest.mark.parametrize("fail", [Failing.to_prepare, Failing.to_run])
def test_with_fallback_the_next_delegate_runs_what_failed(interpret, toy, fail, caplog):
    i = interpret(alternating("NEG", "ADD"), fail(toy, "NEG"), toy(), on_failure="fallback")
    assert i(np.float32([1, 2])).tolist() == [-2, -4]
    assert [p.label for p in i.plan.partitions] == ["toy"]
    (refusal,) = next(iter(i.plan.subgraphs[0].refusals[0].values()))
    assert "ValueError" in str(refusal)
    assert refusal.kind == "failed"
    messages = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert any("the next delegate runs it" in m for m in messages)


def test_a_fallback_is_remembered_when_shapes_change(interpret, toy):
    shaky = Failing.to_run(toy, "NEG")
    g = Builder()
    x = g.input((-1,), "float32")
    y = g.op("NEG", [x], [g.tensor((1,), "float32")])
    i = interpret(g.model(outputs=[y]), shaky, toy(), on_failure="fallback")
    assert i([1]).tolist() == [-1]
    assert i([1, 2]).tolist() == [-1, -2]
    assert len(shaky.prepared) == 1


def test_a_run_that_falls_back_starts_from_the_same_state(interpret, toy):
    g = Builder()
    x = g.input((1,), "float32")
    total = g.variable((1,), "float32")
    a = g.op("Sum", [x, total], [g.tensor((1,), "float32")])
    b = g.op("NEG", [a], [g.tensor((1,), "float32")])
    i = interpret(
        g.model(outputs=[b]), toy("Sum"), Failing.to_run(toy, "NEG"), toy("NEG"), on_failure="fallback"
    )
    assert [i([1]).item() for _ in range(3)] == [-1, -2, -3]


def test_when_nobody_is_left_the_failure_is_raised(interpret, toy):
    i = interpret(alternating("NEG"), Failing.to_run(toy), on_failure="fallback")
    with pytest.raises(DelegateFailed, match="device lost"):
        i(np.float32([1, 2]))


def test_a_failed_run_leaves_no_outputs_of_an_earlier_one(interpret, toy):
    shaky = Failing.to_run(toy, times=0)
    i = interpret(alternating("NEG"), shaky)
    i(np.float32([1, 2]))
    shaky.left = 1
    with pytest.raises(DelegateFailed):
        i.invoke()
    with pytest.raises(RuntimeError, match="no run of the model has completed"):
        i.get_tensor(1)
    i.invoke()
    assert i.get_tensor(1).tolist() == [-1, -2]


def test_an_interrupted_run_leaves_a_usable_interpreter(interpret, toy):
    class Interrupted(toy):
        armed = True

        def step(self, op, values):
            if op.name == "NEG" and self.armed:
                raise KeyboardInterrupt
            super().step(op, values)

    g = Builder()
    x = g.input((1,), "float32")
    total = g.variable((1,), "float32")
    a = g.op("Sum", [x, total], [g.tensor((1,), "float32")])
    b = g.op("NEG", [a], [g.tensor((1,), "float32")])
    delegate = Interrupted()
    i = interpret(g.model(outputs=[b]), delegate, experimental_disable_delegate_node_fusion=True)
    with pytest.raises(KeyboardInterrupt):
        i([1])
    delegate.armed = False
    assert i([1]).item() == -1  # the interrupted run left no trace in the state


def test_values_are_freed_after_their_last_reader(interpret, toy):
    alive = []

    class Watching(toy):
        def step(self, op, values):
            gc.collect()
            alive.append(sum(ref() is not None for ref in self.refs))
            super().step(op, values)
            self.refs += [weakref.ref(values[t.index]) for t in op.outputs]

        refs = []

    i = interpret(alternating(*["NEG"] * 5), Watching(), experimental_disable_delegate_node_fusion=True)
    i(np.float32([1, 2]))
    assert max(alive) == 1


def test_a_resize_keeps_run_functions_whose_ops_and_shapes_did_not_change(interpret, toy):
    g = Builder()
    x = g.input((-1,), "float32", name="x")
    fixed = g.input((2,), "float32", name="fixed")
    a = g.op("NEG", [x], [g.tensor((1,), "float32")])
    b = g.op("NEG", [fixed], [g.tensor((2,), "float32")])
    delegate = toy()
    i = interpret(g.model(outputs=[a, b]), delegate, experimental_disable_delegate_node_fusion=True)
    i.run({"x": [1], "fixed": [1, 2]})
    i.run({"x": [1, 2, 3], "fixed": [1, 2]})
    assert len(delegate.prepared) == 3  # both, then the first again


def test_a_resize_prepares_anew_what_folded_constants_changed(interpret, toy):
    # t = SHAPE(x) folds to a constant once x's shape is known; what reads it must see the new values
    class Reference(toy):
        name = "reference"

        def step(self, op, values):
            if op.name == "SHAPE":
                (x,) = values.values()
                values[op.outputs[0].index] = np.array(x.shape, np.int32)
            else:
                super().step(op, values)

    g = Builder()
    x = g.input((-1,), "float32", name="x")
    one = g.input((1,), "int32", name="one")
    shape = g.op("SHAPE", [x], [g.tensor((1,), "int32")], out_type="INT32")
    y = g.op("MUL", [one, shape], [g.tensor((1,), "int32", name="y")])
    i = interpret(g.model(outputs=[y]), Reference("SHAPE", "MUL"))
    assert i.run({"x": [1.0], "one": [1]})["y"].tolist() == [1]
    assert i.run({"x": [1.0, 2.0, 3.0], "one": [1]})["y"].tolist() == [3]


def test_events_of_a_delegate_get_its_label(interpret, toy):
    class Telling(toy):
        def step(self, op, values):
            super().step(op, values)
            events = profile.listener()
            if events is not None:
                events.append(profile.Event(op.name, 0.5, op=op.index))

    i = interpret(alternating("NEG", "ADD"), Telling("NEG", label="npu"), toy("ADD"))
    with profile.listen() as events:
        i(np.float32([1, 2]))
    assert [(e.name, e.delegate, e.op) for e in events] == [("NEG", "npu", 0), ("ADD", "toy", 1)]
    assert events[0].seconds == 0.5


def test_a_delegate_that_tells_nothing_gets_one_event_per_partition(interpret, toy):
    i = interpret(alternating("NEG", "ADD"))
    with profile.listen() as events:
        i(np.float32([1, 2]))
    (event,) = events
    assert (event.name, event.delegate, event.op) == ("partition of 2 ops", "toy", None)
    assert event.seconds > 0
    assert event.detail == "2 ops, op #0 NEG v1 to op #1 ADD v1"
