"""Many interpreters, threads and rounds: nothing is mixed up, nothing is left behind."""

from __future__ import annotations

import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from opencl_parts import chain, tripling

X = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)
EXPECTED = (X + 1) * 3


@pytest.fixture(autouse=True)
def triple(plugins):
    plugins.register(tripling(), "triple")


def test_two_interpreters_share_a_device(interpret, load):
    first, second = (interpret(chain("ADD", "Triple"), load()) for _ in range(2))
    assert first.delegates[0].device is second.delegates[0].device
    for factor in (1, 2, 3):
        assert np.array_equal(first(X * factor), (X * factor + 1) * 3)
        assert np.array_equal(second(X), EXPECTED)


def test_two_interpreters_share_a_delegate(interpret, load):
    delegate = load()
    first, second = (interpret(chain(*ops), delegate) for ops in (("ADD", "Triple"), ("Triple", "MUL")))
    assert np.array_equal(first(X), EXPECTED)
    assert np.array_equal(second(X), X * 6)
    assert np.array_equal(first(X), EXPECTED)


@pytest.mark.parametrize("shared", [True, False], ids=["one delegate", "a delegate each"])
def test_an_interpreter_per_thread(interpret, load, shared):
    delegate = load()
    barrier = threading.Barrier(4)

    def work(number: int) -> bool:
        i = interpret(chain("ADD", "Triple"), delegate if shared else load())
        barrier.wait(30)
        return all(np.array_equal(i(X * k + number), (X * k + number + 1) * 3) for k in range(30))

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(4))) == [True] * 4


def test_two_threads_may_open_the_device_at_once(device):
    from delegraph_opencl.device.device import open_device

    barrier = threading.Barrier(4)

    def opened(_: int):
        barrier.wait(30)
        return open_device(None)

    with ThreadPoolExecutor(4) as threads:
        assert len({id(d) for d in threads.map(opened, range(4))}) == 1


def test_a_delegate_that_is_not_used_any_more_holds_nothing(interpret, load):
    delegate = load()
    for _ in range(3):
        interpret(chain("ADD", "Triple"), delegate)(X)
    assert delegate.device_bytes() == {"weights": 0, "tensors": 0}


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(
    not os.path.exists("/proc/self/statm"), reason="this system does not tell memory in /proc"
)
def test_making_and_dropping_interpreters_does_not_grow_the_process(interpret, load):
    model = chain("ADD", "Triple", shape=(1, 64, 64, 16))  # 256 KiB a tensor
    x = np.ones((1, 64, 64, 16), np.float32)

    def rounds(n: int) -> int:
        for _ in range(n):
            interpret(model, load())(x)
        gc.collect()
        return resident()

    rounds(20)  # caches fill
    before = rounds(20)
    assert rounds(100) - before < 8 << 20  # 100 rounds of 1 MiB would be 100 MiB


def test_a_model_is_freed_while_its_outputs_are_still_in_use(interpret, load):
    i = interpret(chain("ADD"), load(), device_outputs=True)
    i(X)
    value = i.device_value(i.get_output_details()[0]["index"])
    del i
    assert np.array_equal(np.asarray(value), X + 1)


def test_a_closed_interpreter_leaves_the_device_to_others(interpret, load):
    first, second = (interpret(chain("ADD"), load()) for _ in range(2))
    first(X)
    first.close()
    assert np.array_equal(second(X), X + 1)


def test_shapes_may_change_between_runs(interpret, load):
    from delegraph import Builder

    g = Builder()
    x = g.input((-1, 4), "float32", name="x")
    y = g.op("ADD", [x, g.constant(np.float32([1]))], [g.tensor((1, 4), "float32")])
    i = interpret(g.model(outputs=[y]), load())
    for rows in (1, 3, 2, 0, 1):
        found = i(np.full((rows, 4), rows, np.float32))
        assert np.array_equal(found, np.full((rows, 4), rows + 1, np.float32))
