"""Threads of the reference delegate: work is done once each, and BLAS is left as it was."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Op, OpSupport, Partition, load_delegate, window
from delegraph_reference import Kernel
from delegraph_reference.blas import libraries
from delegraph_reference.convolution import convolve, packed_filters
from delegraph_reference.delegate import _running
from delegraph_reference.depthwise import convolve_depthwise, repeated_weights
from delegraph_reference.quiet import is_quiet
from delegraph_reference.threads import _blas, each, on_threads, thread_count
from delegraph_reference.windows import Windows


def _blas_counts() -> list[int]:
    return [library.get_num_threads() for library in libraries()]


@pytest.mark.parametrize("count", [None, 1, 2, 5])
@pytest.mark.parametrize("items", [0, 1, 3, 1000])
def test_every_item_is_worked_on_once(count: int | None, items: int) -> None:
    done: list[int] = []
    with on_threads(count):
        assert thread_count() == (count or 1)
        each(done.append, range(items))
    assert sorted(done) == list(range(items))


def test_more_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    with on_threads(2):
        each(lambda item: both.wait(), [0, 1])  # hangs if one waits for the other


@pytest.mark.parametrize("count", [1, 3])
def test_an_error_in_any_thread_reaches_the_caller(count: int) -> None:
    def fail(item: int) -> None:
        time.sleep(0.001)
        if item == 7:
            raise ValueError("item 7")

    with on_threads(count), pytest.raises(ValueError, match="item 7"):
        each(fail, range(20))


def test_blas_has_one_thread_inside_and_what_it_had_outside() -> None:
    before = _blas_counts()
    with on_threads(2):
        assert set(_blas_counts()) <= {1}
        with on_threads(1):
            assert thread_count() == 1
        assert set(_blas_counts()) <= {1}
        assert thread_count() == 2
    assert _blas_counts() == before


def test_blas_is_given_back_after_an_error() -> None:
    before = _blas_counts()
    with pytest.raises(ValueError, match="inside"), on_threads(2):
        raise ValueError("inside")
    assert _blas_counts() == before
    assert thread_count() == 1


def _finish(sums: np.ndarray, out: np.ndarray) -> None:
    np.copyto(out, sums, casting="unsafe")


@pytest.mark.parametrize("size", [1, 3])
def test_integer_convolutions_do_not_depend_on_the_number_of_threads(size: int) -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    x = rng.integers(-128, 128, (2, 120, 60, 24)).astype(np.int8)
    axis = window(120, size, 1, 1, "SAME"), window(60, size, 1, 1, "SAME")
    windows = Windows(*axis, 120, 60, 24)
    filters = packed_filters(rng.integers(-5, 5, (32, size, size, 24)).astype(np.float32))
    taps = repeated_weights(rng.integers(-5, 5, (size, size, 24)).astype(np.float32), 60)
    results = []
    for count in (1, 2, 4):
        with on_threads(count):
            full = convolve(x, windows, filters, np.empty((2, 120, 60, 32), np.int32), _finish, 3)
            deep = convolve_depthwise(x, windows, taps, np.empty((2, 120, 60, 24), np.int32), _finish, 3)
        results.append((full, deep))
    for full, deep in results[1:]:
        np.testing.assert_array_equal(full, results[0][0])
        np.testing.assert_array_equal(deep, results[0][1])


def test_each_of_two_delegates_has_its_own_number_of_threads() -> None:
    one, two = (load_delegate("reference", {"num_threads": n}) for n in (1, 2))
    g = Builder()
    g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    graph = g.model().subgraphs[0]
    counts: list[int] = []

    def prepare(op: Op) -> Kernel:
        return lambda x: counts.append(thread_count()) or (x,)

    row = OpSupport("NEG", (1, 1), "float32 -> float32", kernel=prepare)
    runs = [
        d.prepare(Partition(d, d.label, graph.ops, graph.inputs, graph.outputs, rows={0: row}))
        for d in (one, two)
    ]
    with one.running(), two.running():
        for run in runs:
            run(np.zeros(2, np.float32))
    assert counts == [1, 2]


def test_a_block_that_is_closed_late_does_not_wait_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt leaves it to the collector, which came while another block was entered: a deadlock."""
    left: list[AbstractContextManager[None]] = []

    @contextmanager
    def block() -> Iterator[None]:
        with on_threads(1):
            yield

    def collected() -> list[object]:
        left.clear()
        return []

    def work() -> None:
        left.append(block())
        left[0].__enter__()
        monkeypatch.setattr(_blas, "_living", collected)
        with on_threads(1):
            pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout=20)

    assert not thread.is_alive()


def test_no_ctrl_c_leaves_settings_of_a_run_behind() -> None:
    """At any call, even where what it raised, and so every frame, is still held."""
    g = Builder()
    g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    model = g.model()
    i = Interpreter(model=model, delegates=[load_delegate("reference", {"num_threads": 2})])
    i.allocate_tensors()
    before = _settings()
    kept: list[BaseException] = []
    while len(kept) < 10_000:
        try:
            _interrupted(i.invoke, len(kept) + 1)
            break
        except KeyboardInterrupt as e:
            kept.append(e)
        assert _settings() == before, len(kept)
    assert len(kept) > 50


def _settings() -> list[object]:
    return [_blas_counts(), thread_count(), np.geterr(), is_quiet.get(), _running.get()]


def _interrupted(work: Callable[[], object], at: int) -> None:
    """Do some work, interrupted at its n-th call, or where a function written in C returns."""
    seen = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_return")
        if seen == at:
            sys.setprofile(None)
            raise KeyboardInterrupt

    gc.disable()  # it calls what hypothesis measures it with, where an interrupt is lost
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
