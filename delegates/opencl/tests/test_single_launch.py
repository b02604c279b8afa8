"""Many launches as one kernel: order, names, numbers, and runs one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from platform import machine
from typing import Any

import numpy as np
import pytest
from delegraph import DelegateUnavailable
from delegraph_opencl.device.device import Device, open_device
from delegraph_opencl.program.launch import Launch, Passed
from delegraph_opencl.run.single_launch import At, Call, is_one_of_many, single_launch

# Both define a macro and a helper of the same name.
ADD = """
#define AMOUNT 1
static inline float changed(float v) { return v + AMOUNT; }
__kernel void change(__global const float* x, __global float* y, int n) {
  for (int i = get_global_id(0); i < n; i += 8) y[i] = changed(x[i]);
}
"""
SCALE = """
#define AMOUNT factor
static inline float changed(float v, float factor) { return v * AMOUNT; }
__kernel void change(__global const float* x, __global float* y, float factor) {
  y[get_global_id(0) + 8 * get_global_id(1)] = changed(x[get_global_id(0) + 8 * get_global_id(1)], factor);
}
"""

# Work-item 0 takes long.
LATE = """
__kernel void late(__global float* x, int steps) {
  float v = x[get_global_id(0)];
  for (int i = 0; i < (get_global_id(0) == 0 ? steps : 1); i++) v = v * 0.5f + 1.0f;
  x[get_global_id(0)] = v;
}
"""
THREE = """
__kernel void make(__global const float* x, __global float* y) {
  for (int i = max((int)get_global_id(0) - 1, 0); i < (int)get_global_id(0) + 2; i++) y[i] = 2 * x[i];
}
__kernel void add_up(__global const float* x, __global float* y) {
  const int i = get_global_id(0);
  y[i] = (i > 0 ? x[i - 1] : 0) + x[i] + x[i + 1];
}
"""


@pytest.fixture(scope="module")
def device() -> Device:
    try:
        return open_device("cpu")
    except DelegateUnavailable as e:
        pytest.skip(str(e))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_calls_run_in_order_and_again_in_the_next_run(device: Device, workers: int) -> None:
    a, b = (_buffer(device, np.zeros(16, np.float32)) for _ in range(2))
    calls = [
        Call("", ADD, "change", (At(a), At(b), np.int32(16)), (8,)),
        Call("", SCALE, "change", (At(b), At(a), np.float32(2)), (8, 2)),
        Call("", ADD, "change", (At(a), At(a), np.int32(16)), (8,)),
    ]
    run = _runner(device, calls, workers)
    expected = np.zeros(16, np.float32)
    for _ in range(3):
        run()
        expected = (expected + 1) * 2 + 1
        assert (_values(device, a, 16) == expected).all()


def test_arguments_begin_at_their_byte(device: Device) -> None:
    a = _buffer(device, np.arange(32, dtype=np.float32))
    calls = [Call("", ADD, "change", (At(a, 4 * 16), At(a, 0), np.int32(16)), (8,))]
    _runner(device, calls, 2)()
    assert (_values(device, a, 16) == np.arange(17, 33)).all()


def test_work_items_of_a_chain_follow_each_other(device: Device) -> None:
    a, b = (_buffer(device, np.zeros(16, np.float32)) for _ in range(2))
    calls = [
        Call("", ADD, "change", (At(a), At(b), np.int32(8)), (8,)),
        Call("", SCALE, "change", (At(b), At(a), np.float32(5)), (8,), chained=True),
        Call("", SCALE, "change", (At(a), At(b), np.float32(3)), (8,), chained=True),
        Call("", ADD, "change", (At(b), At(a), np.int32(8)), (8,)),
    ]
    _runner(device, calls, 2)()
    assert (_values(device, a, 8) == 16).all()


def test_what_is_passed_on_lies_where_the_worker_has_it(device: Device) -> None:
    """Each of 8 work-items is one number; of what is between the two calls, a worker keeps one number."""
    a, c = (_buffer(device, np.arange(16, dtype=np.float32)) for _ in range(2))
    b = _buffer(device, np.full(16, -1, np.float32))
    first = Call("", SCALE, "change", (At(a), At(b), np.float32(5)), (8,), passed=(Passed(1, 4, 16),))
    then = Call("", SCALE, "change", (At(b), At(c), np.float32(3)), (8,), True, (Passed(0, 4, 16),))
    calls = [first, then]
    _runner(device, calls, 2)()
    assert (_values(device, c, 8) == np.arange(8) * 15).all()
    assert (_values(device, b, 16)[[1, 2, 3, *range(5, 16)]] == -1).all()


def test_work_items_that_overlap_lie_where_the_worker_has_them(device: Device) -> None:
    """A work-item makes its number and one on each side of it; the next one adds them up."""
    a, c = (_buffer(device, np.arange(16, dtype=np.float32)) for _ in range(2))
    b = _buffer(device, np.zeros(16, np.float32))
    first = Call("", THREE, "make", (At(a), At(b)), (8,), passed=(Passed(1, 4, 32, 4),))
    then = Call("", THREE, "add_up", (At(b), At(c)), (8,), True, (Passed(0, 4, 32, 4),))
    _runner(device, [first, then], 2)()
    numbers = 2.0 * np.arange(-1, 9) * (np.arange(-1, 9) >= 0)
    assert (_values(device, c, 8) == numbers[:-2] + numbers[1:-1] + numbers[2:]).all()


@pytest.mark.skipif(
    sys.platform != "linux" or machine() != "x86_64", reason="only there does a worker sleep"
)
def test_a_worker_that_waits_for_long_leaves_its_core_to_others(device: Device) -> None:
    a = _buffer(device, np.zeros(16, np.float32))
    calls = [Call("", LATE, "late", (At(a), np.int32(5_000_000)), (2,))] * 3
    alone, both = (_waits(_runner(device, calls, workers)) for workers in (1, 2))
    assert both > alone + 30  # milliseconds of steps, and sleeps of less than a tenth of one


def test_arguments_of_another_type_cannot_be_merged() -> None:
    assert single_launch([Call("", ADD, "change", (np.float64(1),), (8,))], 2) is None


@pytest.mark.parametrize(
    ("source", "local", "merged"),
    [
        (ADD, (1,), True),
        (ADD, None, True),
        (ADD, (64,), False),
        ("barrier(CLK_LOCAL_MEM_FENCE);", (1,), False),
    ],
)
def test_work_items_that_wait_for_each_other_stay_apart(
    source: str, local: tuple[int, ...] | None, merged: bool
) -> None:
    assert is_one_of_many(Launch(source, "change", (), (8,), local)) is merged


def _waits(run: Callable[[], None]) -> int:
    """Return how often threads of this process gave up their core by themselves in a run."""
    import resource  # which Windows lacks

    run()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    run()
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before


def _runner(device: Device, calls: Sequence[Call], workers: int) -> Any:
    import pyopencl as cl

    single = single_launch(calls, workers)
    assert single is not None
    kernel = device.kernel(single.source, "run")
    tape, counters = _buffer(device, single.tape), _buffer(device, single.counters)
    kernel.set_args(tape, counters, np.int32(single.calls), *single.buffers)
    queue, held = device.queue(), (tape, counters)

    def run() -> None:
        assert held
        cl.enqueue_nd_range_kernel(queue, kernel, (workers,), (1,)).wait()

    return run


def _buffer(device: Device, array: np.ndarray) -> Any:
    import pyopencl as cl

    flags = cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
    return cl.Buffer(device.context, flags, hostbuf=array)


def _values(device: Device, buffer: Any, n: int) -> np.ndarray:
    import pyopencl as cl

    found = np.empty(n, np.float32)
    cl.enqueue_copy(device.queue(), found, buffer, is_blocking=True)
    return found
