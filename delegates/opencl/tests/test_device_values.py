"""Values stay on the device between partitions, and a program's own buffers are taken without a copy."""

from __future__ import annotations

import numpy as np
import pyopencl as cl
import pyopencl.array as cl_array
import pytest
from delegraph import Builder, InputError, profile
from opencl_parts import chain

# pyopencl 2024.1 with a newer pytools: an array's own kernel is generated once for each context.
pytestmark = pytest.mark.filterwarnings("ignore:Overwriting existing generated code")

X = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)
ONE_BY_ONE = {"experimental_disable_delegate_clustering": True}


def events_of(interpreter, *inputs) -> list[str]:
    """Run and return the names of what crossed the edge of the device."""
    interpreter(*inputs)
    with profile.listen() as events:
        interpreter(*inputs)
    return [e.name for e in events if e.op is None]


def test_consecutive_partitions_hand_over_on_the_device(interpret):
    i = interpret(chain("ADD", "MUL", "ADD"), **ONE_BY_ONE)
    assert len(i.plan.partitions) == 3
    assert events_of(i, X) == ["upload", "read back"]
    assert np.array_equal(i(X), (X + 1) * 2 + 1)


def test_two_delegates_of_one_device_do_not_share_values(interpret, load, plugins):
    from delegraph import Delegate, hookimpl

    class Second:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_veto(self, op, delegate: Delegate):
            return "the other one" if (op.name == "MUL") == (delegate.label == "opencl") else None

    plugins.register(Second(), "second")
    i = interpret(chain("ADD", "MUL"), load(), load())
    assert [p.label for p in i.plan.partitions] == ["opencl", "opencl:2"]
    assert events_of(i, X) == ["upload", "read back", "upload", "read back"]
    assert np.array_equal(i(X), (X + 1) * 2)


def test_another_delegate_gets_an_array(interpret, load, plugins, spare):
    i = interpret(chain("ADD", "Triple"), load(), spare)
    assert np.array_equal(i(X), (X + 1) * 3)
    assert [type(value) for value in spare.got] == [np.ndarray]


def test_outputs_alike_keep_their_buffers_from_run_to_run(interpret):
    """Two that took each other's had the kernels' arguments set anew at each run."""
    g = Builder()
    x, one = g.input((4,), "float32"), g.constant(np.float32([1]))
    y, z = (g.op(op, [x, one], [g.tensor((4,), "float32")]) for op in ("ADD", "SUB"))
    i = interpret(g.model(outputs=[y, z]), device_outputs=True)
    i.allocate_tensors()
    places = [d["index"] for d in i.get_output_details()]
    found = set()
    for _ in range(4):
        i.invoke()
        found.add(tuple(i.device_value(place).buffer.int_ptr for place in places))
    assert len(found) == 1


@pytest.mark.parametrize("kind", ["array", "buffer", "empty"])
def test_an_input_may_be_on_the_device(interpret, load, kind):
    delegate = load()
    i = interpret(chain("ADD"), delegate)
    if kind == "array":
        given = delegate.value(cl_array.to_device(delegate.queue, X))
    elif kind == "buffer":
        flags = cl.mem_flags.READ_ONLY | cl.mem_flags.COPY_HOST_PTR
        given = delegate.value(cl.Buffer(delegate.context, flags, hostbuf=X), X.shape, X.dtype)
    else:
        given = delegate.empty(X.shape, X.dtype)
        given.array().set(X)
    assert np.array_equal(i(given), X + 1)
    assert "upload" not in events_of(i, given)
    assert np.array_equal(np.asarray(given), X)  # inputs are not written


def test_memory_made_for_the_purpose_is_read_where_it_is(interpret, load):
    delegate = load()
    i = interpret(chain("ADD"), delegate)
    given = delegate.empty(X.shape, X.dtype)
    given.array().set(X)
    assert events_of(i, given) == ["read back"]
    given.array().set(X * 2)
    assert np.array_equal(i(given), X * 2 + 1)
    assert np.array_equal(i(X), X + 1)  # and after it an array again
    assert np.array_equal(i(given), X * 2 + 1)


def test_an_array_that_must_not_be_written_is_read_where_it_is(interpret, load):
    delegate = load()
    run = delegate.prepare(interpret(chain("ADD"), delegate).plan.partitions[0])
    memory = np.zeros(2 * 4096, np.uint8)
    start = -memory.ctypes.data % 4096  # a page: there is room behind the array
    given = memory[start : start + X.nbytes].view(np.float32).reshape(X.shape)
    given[:] = X
    given.flags.writeable = False
    assert np.array_equal(np.asarray(run(given)[0]), X + 1)


@pytest.mark.filterwarnings("ignore::pyopencl.CompilerWarning")
def test_an_output_may_stay_on_the_device_and_be_computed_with(interpret, load):
    delegate = load()
    i = interpret(chain("ADD"), delegate, device_outputs=True)
    i.allocate_tensors()
    i.set_tensor(0, X)
    with profile.listen() as events:
        i.invoke()
    assert [e.name for e in events if e.op is None] == ["upload"]
    found = i.device_value(i.get_output_details()[0]["index"])
    assert np.array_equal((found.array() * 2).get(), (X + 1) * 2)


def test_an_output_of_one_model_is_an_input_of_the_next(interpret, load):
    delegate = load()
    first, second = (interpret(chain(op), delegate, device_outputs=True) for op in ("ADD", "MUL"))
    first(X)
    between = first.device_value(first.get_output_details()[0]["index"])
    with profile.listen() as events:
        assert np.array_equal(second(between), (X + 1) * 2)
    assert [e.name for e in events if e.op is None] == ["read back"]


def test_a_device_value_stays_as_it_is_across_later_runs(interpret, load):
    i = interpret(chain("ADD"), load(), device_outputs=True)
    output = i.get_output_details()[0]["index"]
    i(X)
    first = i.device_value(output)
    array = first.array()
    del first
    i(X * 5)
    assert np.array_equal(array.get(), X + 1)
    assert np.array_equal(np.asarray(i.device_value(output)), X * 5 + 1)


def test_buffers_of_outputs_are_used_again(interpret, load):
    delegate = load()
    i = interpret(chain("ADD"), delegate)
    i(X)
    held = dict(delegate.device_bytes())
    for _ in range(5):
        i(X)
    assert delegate.device_bytes() == held


def test_memory_of_another_context_is_refused(load):
    delegate = load()
    other = cl.Context([delegate.device.found.device])
    buffer = cl.Buffer(other, cl.mem_flags.READ_WRITE, X.nbytes)
    with pytest.raises(InputError, match="needs memory of the delegate's own context"):
        delegate.value(buffer, X.shape, X.dtype)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda d: d.value(cl.Buffer(d.context, cl.mem_flags.READ_WRITE, 60), X.shape, X.dtype),
         "needs a buffer of 64 bytes for float32 1×2×2×4, found one of 60"),
        (lambda d: d.value(cl.Buffer(d.context, cl.mem_flags.READ_WRITE, 64)), "needs shape and dtype"),
        (lambda d: d.value(X), "needs a pyopencl.Buffer or a pyopencl.array.Array, found array"),
        (lambda d: d.value(cl_array.to_device(d.queue, np.zeros((4, 6), np.float32))[:, :3]),
         "needs a C-contiguous array"),
        (lambda d: d.value(cl_array.to_device(d.queue, np.zeros(64, np.float32))[1:33]),
         r"needs an array that begins at a multiple of \d+ bytes, found offset 4"),
    ],
)  # fmt: skip
def test_memory_that_does_not_do_is_refused(load, make, message):
    delegate = load()
    delegate.queue  # noqa: B018 - opened
    with pytest.raises(InputError, match=message):
        make(delegate)


def test_an_array_that_begins_inside_its_buffer_is_taken(interpret, load):
    delegate = load()
    step = max(delegate.device.alignment // 4, 16)
    whole = cl_array.to_device(delegate.queue, np.arange(2 * step, dtype=np.float32))
    part = whole[step : step + 16].reshape(X.shape)
    assert np.array_equal(interpret(chain("ADD"), delegate)(delegate.value(part)), part.get() + 1)


def test_an_empty_tensor_needs_no_device_memory(interpret):
    i = interpret(chain("ADD", shape=(0, 4)))
    assert i(np.zeros((0, 4), np.float32)).shape == (0, 4)


@pytest.mark.parametrize("shares", [True, False], ids=["shared memory", "memory of its own"])
def test_values_come_and_go_with_either_kind_of_memory(interpret, load, monkeypatch, shares):
    delegate = load()
    if shares and not delegate.device.shares_memory:
        pytest.skip("this device has memory of its own")
    monkeypatch.setitem(vars(delegate.device), "shares_memory", shares)
    i = interpret(chain("ADD", "MUL"), delegate, device_outputs=True)
    output = i.get_output_details()[0]["index"]
    kept = []
    for factor in (1, 2, 3):
        i(X * factor)
        kept.append(i.device_value(output))
    for factor, value in zip((1, 2, 3), kept, strict=True):
        assert np.array_equal(np.asarray(value), (X * factor + 1) * 2)
    found = np.asarray(kept[0])
    found[:] = 0  # what was read back is the program's own
    assert np.array_equal(np.asarray(kept[0]), (X + 1) * 2)


def test_an_output_in_shared_memory_is_seen_where_it_is(interpret, load):
    delegate = load()
    if not delegate.device.shares_memory:
        pytest.skip("this device has memory of its own")
    i = interpret(chain("ADD"), delegate, device_outputs=True)
    output = i.get_output_details()[0]["index"]
    i(X)
    view = i.device_value(output).host_view()
    i(X * 5)  # the buffer is in use as long as the view lives
    assert np.array_equal(view, X + 1)
    assert not view.flags.writeable
    assert not i.get_tensor(output).base  # a program gets its own


def test_an_output_on_a_device_with_memory_of_its_own_cannot_be_seen(interpret, load, monkeypatch):
    delegate = load()
    monkeypatch.setitem(vars(delegate.device), "shares_memory", False)
    i = interpret(chain("ADD"), delegate, device_outputs=True)
    i(X)
    assert i.device_value(i.get_output_details()[0]["index"]).host_view() is None


def test_a_value_that_pyopencl_wrote_to_is_read_as_it_is_then(interpret, load):
    i = interpret(chain("ADD"), load(), device_outputs=True)
    i(X)
    value = i.device_value(i.get_output_details()[0]["index"])
    value.array().set(np.full_like(X, 7))
    assert np.array_equal(np.asarray(value), np.full_like(X, 7))


def test_the_input_may_change_as_soon_as_a_run_has_ended(interpret, load):
    i = interpret(chain(*["ADD", "MUL"] * 20, shape=(1, 64, 64, 32)), load(), device_outputs=True)
    i.allocate_tensors()
    x, output = i.get_input_details()[0], i.get_output_details()[0]["index"]
    for value in (0.0, 1.0):
        i.set_tensor(x["index"], np.full(x["shape"], value, np.float32))
        i.invoke()
        i.set_tensor(x["index"], np.full(x["shape"], 9, np.float32))
        expected = value * 2**20 + sum(2.0**n for n in range(1, 21))  # x -> (x + 1) * 2, 20 times
        assert np.unique(i.get_tensor(output)).tolist() == [np.float32(expected)]


@pytest.mark.parametrize("offset", range(0, 36, 4))
def test_an_input_may_lie_anywhere_in_memory(interpret, load, offset):
    """As constants do in a file: those that a loop begins with are inputs of its body."""
    g = Builder()
    x = g.input((200, 64), "float32")
    row, start = g.constant(np.zeros((1, 64), np.float32)), g.constant(np.int32([7, 0]))
    i = interpret(
        g.model([g.op("DYNAMIC_UPDATE_SLICE", [x, row, start], [g.tensor((200, 64), "float32")])])
    )
    (partition,) = i.plan.partitions
    given = array_at(offset, (200, 64))

    (found,) = partition.delegate.prepare(partition)(given)

    expected = given.copy()
    expected[7] = 0
    assert np.array_equal(np.asarray(found), expected)


def array_at(offset, shape):
    """Return an array that begins so many bytes after a multiple of 256."""
    size = int(np.prod(shape))
    memory = np.empty(4 * size + 512, np.uint8)
    begin = -memory.ctypes.data % 256 + offset
    found = memory[begin : begin + 4 * size].view(np.float32).reshape(shape)
    found[...] = np.arange(size).reshape(shape)
    return found
