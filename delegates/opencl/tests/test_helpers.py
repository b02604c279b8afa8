"""Cores that help the thread that asks: the numbers are right whether they come, come late, or do not."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from delegraph import DelegateUnavailable, Interpreter, Model, load_delegate
from delegraph.model import Builder
from delegraph_opencl.device.device import IN_CALLER, Device, open_device
from delegraph_opencl.run.helpers import Helpers, aligned
from delegraph_opencl.run.single_launch import ALONE, LEFT, At, Call, single_launch
from opencl_parts import compute_by

STEP = """
__kernel void step(__global const int* x, __global int* y, int n) {
  const int i = get_global_id(0);
  y[i] = 3 * x[i] + x[(i + 1) % n];
}
"""
MEET = """
__kernel void meet(volatile __global int* x, int steps) {
  const int i = get_global_id(0);
  atomic_inc(x + i);
  for (int s = 0; s < steps && !x[1 - i]; s++) ;
  x[2 + i] = x[1 - i];
}
"""
LATE = """
__kernel void late(volatile __global int* x, int steps) {
  const int i = get_global_id(0);
  for (int s = 0; i && s < steps; s++) x[2] = s;
  x[i]++;
}
"""
ITEMS = 96


@pytest.fixture(scope="module")
def device() -> Device:
    try:
        device = open_device("cpu")
    except DelegateUnavailable as e:
        pytest.skip(str(e))
    if len(device.cores) < 2 or not device.shares_memory:
        pytest.skip("needs Linux, two cores, and a PoCL that computes in the calling thread, too")
    return device


@pytest.mark.parametrize("workers", [2, 7])
@pytest.mark.parametrize("calls", [1, 40])
def test_results_are_right_whoever_comes(device: Device, calls: int, workers: int) -> None:
    """Each launch reads what others wrote in the one before; helpers are sent for in some of the runs."""
    rng = np.random.default_rng(calls + workers)
    a, b = (_buffer(device, np.arange(ITEMS, dtype=np.int32)) for _ in range(2))
    steps = [
        Call("", STEP, "step", (At(x), At(y), np.int32(ITEMS)), (ITEMS,))
        for x, y in ((a, b), (b, a)) * (calls // 2)
    ] or [Call("", STEP, "step", (At(a), At(a), np.int32(1)), (1,))]
    run, helpers, control = _helped(device, steps, workers)
    expected = np.arange(ITEMS, dtype=np.int32)
    for _ in range(150):
        if rng.random() < 0.8:
            helpers.send()
        run()
        for _ in range(calls // 2 * 2):
            expected = 3 * expected + np.roll(expected, -1)
        if calls == 1:
            expected[0] *= 4
        assert (_values(device, a, ITEMS) == expected).all()
        assert not control[12 * 16 :].any()
    helpers.wait()


def test_a_helper_computes_while_the_calling_thread_does(device: Device) -> None:
    """Two work-items wait for each other: one core alone gives up."""
    x = _buffer(device, np.zeros(4, np.int32))
    run, helpers, _ = _helped(device, [Call("", MEET, "meet", (At(x), np.int32(50_000_000)), (2,))], 2)
    run()  # compiled: so long no helper waits
    met, begin = False, time.monotonic()
    while not met and time.monotonic() < begin + 30:
        _set(device, x, np.zeros(4, np.int32))
        helpers.send()
        run()
        met = _values(device, x, 4).tolist() == [1, 1, 1, 1]
    assert met
    helpers.wait()


@pytest.mark.parametrize("before", [0, 128])
def test_a_run_that_waits_long_for_a_helper_is_followed_by_some_without(
    device: Device, before: int
) -> None:
    """The helper's half of the work takes a millisecond, and that of the calling thread none.

    :param before: runs that followed the last one that waited
    """
    x = _buffer(device, np.zeros(4, np.int32))
    run, helpers, control = _helped(device, [Call("", LATE, "late", (At(x), np.int32(1_000_000)), (2,))], 2)
    run()
    runs, begin = 1, time.monotonic()
    while not control[ALONE] and time.monotonic() < begin + 30:  # a busy machine may keep the helper away
        control[ALONE + 1] = before
        helpers.send()
        run()
        runs += 1
    following = int(control[ALONE])
    assert following == max(8, 2 * before)
    for left in range(following - 1, -1, -1):
        helpers.send()
        run()
        assert control[ALONE] == left
    assert _values(device, x, 2).tolist() == [runs + following] * 2
    helpers.wait()


def test_helpers_go_when_nothing_comes_and_are_sent_for_again(device: Device) -> None:
    a = _buffer(device, np.zeros(ITEMS, np.int32))
    calls = [Call("", STEP, "step", (At(a), At(a), np.int32(ITEMS)), (ITEMS,))]
    run, helpers, control = _helped(device, calls, 2)
    for sent in (1, 2, 3):
        helpers.send()
        run()
        helpers.wait()
        assert control[LEFT] == sent


def test_what_goes_while_helpers_are_awake_takes_nothing_from_them(monkeypatch: pytest.MonkeyPatch) -> None:
    delegate = _delegate()
    compute_by(monkeypatch, "helped")
    for n in range(60):
        model, x = Interpreter(model=_model(500), delegates=[delegate]), np.full(500, n, np.float32)
        assert (model(x) == 8 * x + 7).all()
        del model
        gc.collect()


def test_interpreters_in_threads_have_helpers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    delegate, wrong = _delegate(), []
    compute_by(monkeypatch, "helped")
    models = [Interpreter(model=_model(3000), delegates=[delegate]) for _ in range(3)]

    def runs(model: Interpreter, begin: int) -> None:
        for i in range(begin, begin + 200):
            x = np.full(3000, i, np.float32)
            if not (model(x) == 8 * x + 7).all():
                wrong.append(i)

    threads = [threading.Thread(target=runs, args=(m, 1000 * i)) for i, m in enumerate(models)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("affinity", ["1", "0"])
def test_a_process_ends_while_helpers_are_awake(affinity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _delegate()
    code = """
import numpy as np
from delegraph import Interpreter
from delegraph_opencl.run import binding
from test_helpers import _model
binding.JOIN = -1.0
model = Interpreter(model=_model(500), delegates=["opencl"])
for i in range(30):
    assert (model(np.full(500, i, np.float32)) == 8 * i + 7).all()
"""
    monkeypatch.setenv("POCL_AFFINITY", affinity)
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], cwd=__file__.rsplit("/", 1)[0], check=False)
        assert done.returncode == 0


def _delegate() -> object:
    try:
        delegate = load_delegate("opencl", {"device": "cpu"})
    except DelegateUnavailable as e:
        pytest.skip(str(e))
    if len(delegate.device.cores) < 2:
        pytest.skip("needs two cores that help each other")
    return delegate


def _model(n: int) -> Model:
    """Return a model of 8 x + 7."""
    g = Builder()
    y = g.input((n,), "float32")
    one, two = (g.constant(np.full(1, v, np.float32)) for v in (1, 2))
    for _ in range(3):
        y = g.op(
            "ADD", [g.op("MUL", [y, two], [g.tensor((n,), "float32")]), one], [g.tensor((n,), "float32")]
        )
        y = g.op("REVERSE_V2", [y, g.constant(np.zeros(1, np.int32))], [g.tensor((n,), "float32")])
    return g.model(outputs=[y])


def _helped(
    device: Device, calls: Sequence[Call], workers: int
) -> tuple[Callable[[], None], Helpers, np.ndarray]:
    import pyopencl as cl

    single = single_launch(calls, workers, helped=True)
    assert single is not None
    control = aligned(single.control)
    flags = cl.mem_flags.READ_WRITE | cl.mem_flags.USE_HOST_PTR
    shared, tape = cl.Buffer(device.context, flags, hostbuf=control), _buffer(device, single.tape)
    lead = device.kernel(IN_CALLER + single.source, "run")
    others = [device.kernel(single.source, "run") for _ in range(1, workers)]
    helpers = Helpers(device, others, single, control)
    address = np.uint64(control.ctypes.data)
    lead.set_args(tape, shared, np.int32(single.calls), address, np.int32(0), *single.buffers)
    queue, held = device.queue(in_caller=True), (tape, shared)

    def run() -> None:
        assert held
        cl.enqueue_nd_range_kernel(queue, lead, (1,), (1,)).wait()

    return run, helpers, control


def _buffer(device: Device, array: np.ndarray) -> object:
    import pyopencl as cl

    flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
    return cl.Buffer(device.context, flags, hostbuf=array)


def _set(device: Device, buffer: object, values: np.ndarray) -> None:
    import pyopencl as cl

    cl.enqueue_copy(device.queue(in_caller=True), buffer, values, is_blocking=True)


def _values(device: Device, buffer: object, n: int) -> np.ndarray:
    import pyopencl as cl

    found = np.empty(n, np.int32)
    cl.enqueue_copy(device.queue(in_caller=True), found, buffer, is_blocking=True)
    return found
