"""Values that stay on a device: outputs that are read back or left there; inputs that are there already."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import DelegateFailed, InputError, profile
from delegraph.model import Builder


class OnDevice:
    """A value that only its maker may look inside."""

    def __init__(self, delegate, array: np.ndarray) -> None:
        self.delegate, self.array, self.shape, self.dtype = delegate, array, array.shape, array.dtype
        self.reads = 0

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        self.reads += 1
        if self.delegate.lost:
            raise OSError("device lost")
        if (events := profile.listener()) is not None:
            events.append(profile.Event("read back", 0.25, nbytes=self.array.nbytes))
        return self.array


@pytest.fixture
def gpu(toy):
    """A delegate whose values stay on its device, which may be lost."""

    class Gpu(toy):
        name = "gpu"
        lost = False

        def prepare(self, partition):
            on_host = super().prepare(partition)
            self.got, self.made = [], []

            def run(*inputs):
                self.got += inputs
                results = on_host(*[x.array if isinstance(x, OnDevice) else x for x in inputs])
                self.made += [OnDevice(self, y) for y in results]
                return self.made[-len(results) :]

            return run

    return Gpu


def negation():
    g = Builder()
    x = g.input((2,), "float32", name="x")
    y = g.op("NEG", [x], [g.tensor((2,), "float32", name="y")])
    return g.model(outputs=[y], signature="serve")


def test_outputs_are_read_back_while_the_model_runs(interpret, gpu):
    device = gpu()
    i = interpret(negation(), device)
    i.allocate_tensors()
    with profile.listen() as events:
        i.invoke()
    assert [(e.name, e.delegate, e.nbytes) for e in events if e.name == "read back"] == [
        ("read back", "gpu", 8)
    ]
    i.get_tensor(1)
    assert device.made[0].reads == 1


def test_outputs_may_be_left_on_the_device(interpret, gpu):
    device = gpu()
    i = interpret(negation(), device, device_outputs=True)
    i.allocate_tensors()
    i.set_tensor(0, np.float32([1, 2]))
    i.invoke()
    assert i.device_value(1) is device.made[0]
    assert device.made[0].reads == 0
    assert i.get_tensor(1).tolist() == [-1, -2]


def test_a_device_value_can_be_had_of_an_output_that_was_read_back(interpret, gpu):
    device = gpu()
    i = interpret(negation(), device)
    i(np.float32([1, 2]))
    assert i.device_value(1) is device.made[0]


def test_a_value_on_the_host_is_no_device_value(interpret, toy):
    i = interpret(negation(), toy())
    i(np.float32([1, 2]))
    with pytest.raises(InputError, match=r"tensor 1 'y' is on no device: get_tensor\(\) returns it"):
        i.device_value(1)


def test_a_device_value_before_any_run_is_refused(interpret, gpu):
    i = interpret(negation(), gpu())
    i.allocate_tensors()
    with pytest.raises(RuntimeError, match="no run of the model has completed"):
        i.device_value(1)


@pytest.mark.parametrize("way", ["set_tensor", "run", "call", "signature"])
def test_an_input_that_is_on_the_device_goes_to_its_delegate_as_it_is(interpret, gpu, way):
    device = gpu()
    i = interpret(negation(), device)
    given = OnDevice(device, np.float32([3, 4]))
    if way == "set_tensor":
        i.allocate_tensors()
        i.set_tensor(0, given)
        i.invoke()
        found = i.get_tensor(1)
    elif way == "run":
        found = i.run({"x": given})["y"]
    elif way == "signature":
        found = i.get_signature_runner()(x=given)["y"]
    else:
        found = i(given)
    assert found.tolist() == [-3, -4]
    assert device.got == [given]
    assert given.reads == 0


def test_another_delegate_gets_an_input_on_the_device_as_an_array(interpret, gpu, toy):
    given = OnDevice(gpu(), np.float32([3, 4]))
    assert interpret(negation(), toy())(given).tolist() == [-3, -4]


def test_after_a_device_value_an_array_may_be_given_again(interpret, gpu):
    device = gpu()
    i = interpret(negation(), device)
    i(OnDevice(device, np.float32([3, 4])))
    assert i(np.float32([5, 6])).tolist() == [-5, -6]


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.zeros(2, np.int8), "needs float32, found int8"),
        (np.zeros(3, np.float32), "needs shape 2, found 3"),
    ],
)
def test_an_input_on_the_device_has_to_fit(interpret, gpu, array, found):
    device = gpu()
    i = interpret(negation(), device)
    i.allocate_tensors()
    with pytest.raises(InputError, match=found):
        i.set_tensor(0, OnDevice(device, array))


def test_an_input_on_the_device_can_be_read_and_viewed(interpret, gpu):
    device = gpu()
    i = interpret(negation(), device)
    i.allocate_tensors()
    given = OnDevice(device, np.float32([3, 4]))
    i.set_tensor(0, given)
    assert i.get_tensor(0).tolist() == [3, 4]
    i.tensor(0)()[:] = 7
    i.invoke()
    assert i.get_tensor(1).tolist() == [-7, -7]
    assert given.array.tolist() == [3, 4]  # what the program passed in is not written


def test_an_output_that_is_an_input_on_the_device_is_a_copy(interpret, gpu):
    device = gpu()
    g = Builder()
    x = g.input((2,), "float32", name="x")
    y = g.op("NEG", [x], [g.tensor((2,), "float32", name="y")])
    i = interpret(g.model(outputs=[x, y]), device)
    i.allocate_tensors()
    given = OnDevice(device, np.float32([3, 4]))
    i.set_tensor(0, given)
    i.invoke()
    given.array[:] = 0
    assert i.get_tensor(1).tolist() == [-3, -4]


def test_a_read_back_that_fails_names_the_ops_that_made_the_value(interpret, gpu):
    device = gpu()
    i = interpret(negation(), device)
    device.lost = True
    with pytest.raises(
        DelegateFailed, match="gpu failed to give back the results of op #0 NEG v1: OSError: device lost"
    ) as raised:
        i(np.float32([1, 2]))
    assert isinstance(raised.value.__cause__, OSError)


def test_a_read_back_of_an_output_that_fails_falls_back(interpret, gpu, toy):
    device = gpu()
    i = interpret(negation(), device, toy(), on_failure="fallback")
    device.lost = True
    assert i(np.float32([1, 2])).tolist() == [-1, -2]
    assert [p.label for p in i.plan.partitions] == ["toy"]


def test_a_read_back_between_partitions_that_fails_gives_the_maker_s_ops_to_the_next(interpret, gpu, toy):
    device = gpu("NEG")
    g = Builder()
    x = g.input((2,), "float32")
    a = g.op("NEG", [x], [g.tensor((2,), "float32")])
    b = g.op("ADD", [a, a], [g.tensor((2,), "float32")])
    i = interpret(g.model(outputs=[b]), device, toy(), on_failure="fallback")
    device.lost = True
    assert i(np.float32([1, 2])).tolist() == [-2, -4]
    assert {p.label for p in i.plan.partitions} == {"toy"}


def test_state_that_was_lost_with_its_device_is_an_error_not_an_endless_loop(interpret, gpu, toy):
    g = Builder()
    x = g.input((1,), "float32")
    total = g.variable((1,), "float32")
    a = g.op("Sum", [x, total], [g.tensor((1,), "float32")])
    device = gpu("Sum")
    i = interpret(g.model(outputs=[a]), device, toy(), on_failure="fallback")
    assert i([1]).item() == 1
    device.lost = True
    with pytest.raises(DelegateFailed, match="device lost"):
        i([1])


@pytest.fixture
def shared(gpu):
    """A delegate whose device works on memory of the host, after ``run`` has returned."""

    class Value(OnDevice):
        waits = 0

        def host_view(self):
            self.wait()
            view = self.array.view()
            view.flags.writeable = False
            return view

        def wait(self):
            self.waits += 1
            if self.delegate.lost:
                raise OSError("device lost")

    class Shared(gpu):
        def prepare(self, partition):
            run = super().prepare(partition)

            def started(*inputs):
                made = [Value(self, x.array) for x in run(*inputs)]
                self.made[-len(made) :] = made
                return made

            return started

    return Shared


def test_values_that_the_host_can_see_are_not_copied_before_somebody_takes_them(interpret, shared):
    device = shared()
    i = interpret(negation(), device)
    i.allocate_tensors()
    i.set_tensor(0, np.float32([1, 2]))
    i.invoke()
    taken = i.get_tensor(1)
    assert device.made[0].reads == 0
    assert taken.tolist() == [-1, -2]
    taken[:] = 0  # the program's own
    assert i.get_tensor(1).tolist() == [-1, -2]


def test_a_view_of_a_tensor_that_the_host_can_see_may_be_written(interpret, shared):
    i = interpret(negation(), shared())
    i.allocate_tensors()
    i.invoke()
    i.tensor(1)()[:] = 7
    assert i.get_tensor(1).tolist() == [7, 7]


def test_a_run_ends_when_what_stays_on_the_device_is_there(interpret, shared):
    device = shared()
    i = interpret(negation(), device, device_outputs=True)
    i.allocate_tensors()
    i.invoke()
    assert device.made[0].waits == 1


def test_a_value_that_was_never_made_names_its_ops_and_falls_back(interpret, shared, toy):
    class Lost(shared):
        lost = True

    with pytest.raises(DelegateFailed, match="gpu failed to give back the results of op #0 NEG v1: OSErr"):
        interpret(negation(), Lost(), device_outputs=True)(np.float32([1, 2]))
    i = interpret(negation(), Lost(), toy(), device_outputs=True, on_failure="fallback")
    assert i(np.float32([1, 2])).tolist() == [-1, -2]
