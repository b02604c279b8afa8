"""What reaches ``run`` cannot be written, and has no gaps unless the delegate takes them."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import DelegateFailed
from delegraph.model import Builder


class Device:
    """A value on a device, which gives its own array when it is read back."""

    def __init__(self, array):
        self.memory, self.shape, self.dtype = array, array.shape, array.dtype

    def __array__(self, dtype=None, copy=None):
        return self.memory


def delegate(toy, name, run, *ops, **members):
    """Return a delegate that takes these ops, each in a partition of its own or with its neighbours."""
    made = type(name, (toy,), {"name": name, **members})(*ops, label=name)
    made.prepare = lambda partition: lambda *inputs: run(partition, *inputs)
    return made


def writes(partition, *inputs):
    inputs[0][...] = 7
    return tuple(np.zeros(t.shape, t.dtype) for t in (*partition.outputs, *partition.variables))


def of_an_input(g):
    return g.op("NEG", [g.input((2, 3), "float32")], [g.tensor((2, 3), "float32")])


def of_a_result(g):
    x = g.op("MUL", [g.input((2, 3), "float32")] * 2, [g.tensor((2, 3), "float32")])
    return g.op("NEG", [x], [g.tensor((2, 3), "float32")])


def of_a_result_without_rank(g):
    x = g.op("MUL", [g.input((), "float32")] * 2, [g.tensor((), "float32")])
    return g.op("NEG", [x], [g.tensor((), "float32")])


def of_a_view(g):
    x = g.op(
        "RESHAPE", [g.input((2, 3), "float32"), g.constant([3, 2], "int32")], [g.tensor((3, 2), "float32")]
    )
    return g.op("NEG", [x], [g.tensor((3, 2), "float32")])


def of_a_variable(g):
    total = g.variable((2,), "float32", name="total")
    return g.op("Sum", [total, g.input((2,), "float32")], [g.tensor((2,), "float32")])


def of_what_control_flow_gives(g):
    branches = []
    for name in ("then", "else"):
        branch = g.subgraph(name)
        branch.returns(
            branch.op("MUL", [branch.input((2,), "float32")] * 2, [branch.tensor((2,), "float32")])
        )
        branches.append(branch.index)
    condition, x = g.input((1,), "bool"), g.input((2,), "float32")
    then, otherwise = branches
    y = g.op(
        "IF",
        [condition, x],
        [g.tensor((2,), "float32")],
        then_subgraph_index=then,
        else_subgraph_index=otherwise,
    )
    return g.op("NEG", [y], [g.tensor((2,), "float32")])


def of_an_input_of_a_branch(g):
    branches = []
    for name in ("then", "else"):
        branch = g.subgraph(name)
        branch.returns(branch.op("NEG", [branch.input((2,), "float32")], [branch.tensor((2,), "float32")]))
        branches.append(branch.index)
    condition, x = g.input((1,), "bool"), g.input((2,), "float32")
    then, otherwise = branches
    return g.op(
        "IF",
        [condition, x],
        [g.tensor((2,), "float32")],
        then_subgraph_index=then,
        else_subgraph_index=otherwise,
    )


def of_an_op_prepared_while_running(g):
    x = g.op("Odd", [g.input((3,), "float32")], [g.tensor((3,), "float32")])
    return g.op("NEG", [x], [g.tensor((3,), "float32")])


KINDS = [of_an_input, of_a_result, of_a_result_without_rank, of_a_view, of_a_variable,
         of_what_control_flow_gives, of_an_input_of_a_branch, of_an_op_prepared_while_running]  # fmt: skip


@pytest.mark.parametrize("is_on_device", [False, True], ids=["on the host", "on a device"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_delegate_that_writes_into_an_array(kind, is_on_device, toy, interpret):
    def moved(partition, *inputs):
        results = toy.prepare(others, partition)(*inputs)
        return tuple(Device(np.array(r)) for r in results) if is_on_device else results

    g = Builder()
    y = kind(g)
    others = delegate(toy, "others", moved, "MUL", "RESHAPE", "Odd", dynamic=True)
    writer = delegate(toy, "writer", writes, "NEG", "Sum", dynamic=True)
    interpreter = interpret(g.model(outputs=[y]), writer, others)
    interpreter.allocate_tensors()
    with pytest.raises(DelegateFailed, match=r"writer failed to run op .*read-only"):
        interpreter.invoke()


def test_the_other_reader_of_a_tensor_sees_what_was_computed(toy, interpret):
    g = Builder()
    x = g.input((2,), "float32")
    y, z = g.tensor((2,), "float32"), g.tensor((2,), "float32")
    g.op("NEG", [x], [y])
    g.op("MUL", [x, x], [z])
    writer = delegate(toy, "writer", writes, "NEG")
    interpreter = interpret(g.model(outputs=[y, z]), writer, toy(), on_failure="fallback")
    results = interpreter.run({0: np.float32([2, 3])})
    np.testing.assert_array_equal(list(results.values()), [[-2, -3], [4, 9]])


def test_an_array_that_is_returned_twice_cannot_be_written_the_second_time(toy, interpret):
    buffer = np.zeros(2, np.float32)

    def reuses(partition, x):
        np.negative(x, out=buffer)
        return (buffer,)

    g = Builder()
    y = g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    interpreter = interpret(g.model(outputs=[y]), delegate(toy, "reuser", reuses, "NEG"))
    np.testing.assert_array_equal(interpreter(np.float32([1, 2])), [-1, -2])
    with pytest.raises(DelegateFailed, match=r"reuser failed to run .*read-only"):
        interpreter(np.float32([3, 4]))


def test_what_programs_get_is_theirs_to_write(toy, interpret):
    g = Builder()
    y = g.op(
        "RESHAPE", [g.input((2, 3), "float32"), g.constant([3, 2], "int32")], [g.tensor((3, 2), "float32")]
    )
    interpreter = interpret(g.model(outputs=[y]))
    given = np.ones((2, 3), np.float32)
    interpreter(given)[...] = 5
    interpreter.get_tensor(y.index)[...] = 5
    interpreter.tensor(y.index)()[...] = 5
    interpreter.tensor(0)()[...] = 5
    given[...] = 2
    assert interpreter(given).max() == 2


def test_an_input_is_the_same_array_in_each_run(toy, interpret):
    """A delegate that reads it where it is knows it again."""
    seen = []

    def remembers(partition, x):
        seen.append(x)
        return (-x,)

    g = Builder()
    y = g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    interpreter = interpret(g.model(outputs=[y]), delegate(toy, "one", remembers, "NEG"))
    for value in (1, 2):
        assert interpreter(np.float32([value] * 2))[0] == -value
    assert seen[0] is seen[1]


def unaligned(x):
    memory = np.zeros(x.nbytes + 1, np.uint8)
    memory[1:] = np.frombuffer(x.tobytes(), np.uint8)
    return memory[1:].view(x.dtype).reshape(x.shape)


LAYOUTS = {
    "in Fortran's order": np.asfortranarray,
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "every second": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "backwards": lambda x: np.ascontiguousarray(x[::-1])[::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "unaligned": unaligned,
    "plain": np.array,
}


@pytest.mark.parametrize("is_on_device", [False, True], ids=["on the host", "on a device"])
@pytest.mark.parametrize("wants", [True, False], ids=["contiguous", "any strides"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_how_a_result_reaches_the_next_delegate(layout, wants, is_on_device, toy, interpret):
    seen = []

    def lays_out(partition, x):
        y = LAYOUTS[layout](x)
        return (Device(y) if is_on_device else y,)

    def looks(partition, x):
        seen.append(x)
        return (-x,)

    g = Builder()
    x = g.op(
        "RESHAPE", [g.input((2, 3), "float32"), g.constant([2, 3], "int32")], [g.tensor((2, 3), "float32")]
    )
    y = g.op("NEG", [x], [g.tensor((2, 3), "float32")])
    first = delegate(toy, "first", lays_out, "RESHAPE")
    second = delegate(toy, "second", looks, "NEG", contiguous=wants)
    given = np.float32([[1, 2, 3], [1, 2, 3]])
    np.testing.assert_array_equal(interpret(g.model(outputs=[y]), first, second)(given), -given)
    (found,) = seen
    plain = found.flags.c_contiguous and found.flags.aligned
    assert plain == (wants or layout == "plain")
    assert not found.flags.writeable
