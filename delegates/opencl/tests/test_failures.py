"""A device that fails is named with op, kernel and OpenCL's status; if asked, the next delegate goes on."""

from __future__ import annotations

import multiprocessing
import os
from types import SimpleNamespace

import numpy as np
import pyopencl as cl
import pytest
from delegraph import DelegateFailed
from delegraph_opencl.device.device import open_device
from opencl_parts import TRIPLE, chain, tripling

X = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)
TOO_LARGE = (1 << 30,)  # work-items of a group: more than any device has


def failing(error):
    def fail(*args, **kwargs):
        raise error

    return fail


def broken_program(plugins, monkeypatch, error):
    plugins.register(tripling(TRIPLE.replace("REAL", "UNHEARD_OF")), "triple")


def work_group_too_large(plugins, monkeypatch, error):
    plugins.register(tripling(local_size=TOO_LARGE), "triple")


def no_memory(plugins, monkeypatch, error):
    plugins.register(tripling(), "triple")
    monkeypatch.setattr(cl, "Buffer", failing(error))


def with_copies(monkeypatch):
    """Let even a CPU have memory of its own."""
    monkeypatch.setitem(vars(open_device(None)), "shares_memory", False)


def no_read_back(plugins, monkeypatch, error):
    plugins.register(tripling(), "triple")
    with_copies(monkeypatch)
    copy = cl.enqueue_copy

    def reading_fails(queue, to, source, **kwargs):
        if isinstance(to, np.ndarray):
            raise error
        return copy(queue, to, source, **kwargs)

    monkeypatch.setattr(cl, "enqueue_copy", reading_fails)


def no_upload(plugins, monkeypatch, error):
    plugins.register(tripling(), "triple")
    with_copies(monkeypatch)
    monkeypatch.setattr(cl, "enqueue_copy", failing(error))


CASES = [
    (
        broken_program,
        r"op #0 Triple v1: kernel triple: CL_BUILD_PROGRAM_FAILURE in clBuildProgram.*UNHEARD",
    ),
    (work_group_too_large, r"op #0 Triple v1: kernel triple: CL_INVALID_WORK_GROUP_SIZE"),
    (no_memory, r"op #0 Triple v1: allocating [\d.]+ \w*B .*: CL_\w+ in \w+"),
    (no_upload, r"op #0 Triple v1: upload of input 'x': CL_\w+"),
    (no_read_back, r"reading back 64 bytes from the device: CL_\w+"),
]


@pytest.mark.parametrize(("fail", "message"), CASES)
def test_a_failure_names_op_kernel_and_status(interpret, plugins, monkeypatch, opencl_error, fail, message):
    fail(plugins, monkeypatch, opencl_error)
    with pytest.raises(DelegateFailed, match=f"(?s){message}") as raised:
        interpret(chain("Triple"))(X)
    assert isinstance(raised.value.__cause__, cl.Error)


@pytest.mark.parametrize("fail", [fail for fail, _ in CASES])
def test_with_fallback_the_next_delegate_takes_the_ops(
    interpret, load, plugins, spare, monkeypatch, opencl_error, fail
):
    fail(plugins, monkeypatch, opencl_error)
    i = interpret(chain("Triple"), load(), spare, on_failure="fallback")
    assert np.array_equal(i(X), X * 3)
    (fallback,) = i.plan.fallbacks
    assert fallback.runs_on == "spare"
    assert "CL_" in str(fallback)


def test_a_program_of_many_ops_that_does_not_compile_names_the_op_at_fault(interpret, plugins):
    plugins.register(tripling(TRIPLE.replace("REAL", "UNHEARD_OF")), "triple")
    with pytest.raises(DelegateFailed, match="op #1 Triple v1: kernel triple: CL_BUILD_PROGRAM_FAILURE"):
        interpret(chain("ADD", "Triple", "ADD"))(X)


def test_ops_that_do_not_compile_as_one_program_run_each_on_its_own_and_it_is_logged(
    interpret, load, plugins, monkeypatch, opencl_error, caplog
):
    plugins.register(tripling(), "triple")
    delegate = load()
    if not delegate.target.merges_launches:
        pytest.skip("this device starts ops one by one")
    kernel = delegate.device.kernel

    def alone(source, name, binary=None):
        if name == "run":  # that of many ops
            raise opencl_error
        return kernel(source, name, binary)

    monkeypatch.setattr(delegate.device, "kernel", alone)
    assert np.array_equal(interpret(chain("ADD", "Triple", "MUL"), delegate)(X), (X + 1) * 6)
    assert "which is slower: op #0 ADD v1 to op #2 MUL v1: kernel run: CL_" in caplog.text


def test_after_a_failed_run_the_next_one_is_right(interpret, plugins, monkeypatch, opencl_error):
    i = interpret(chain("ADD"))
    i(X)
    with monkeypatch.context() as patch:
        patch.setattr(cl, "enqueue_nd_range_kernel", failing(opencl_error))
        with pytest.raises(DelegateFailed, match=r"op #0 ADD v1: kernel \w+: CL_"):
            i(X)
    assert np.array_equal(i(X), X + 1)


def test_a_kernel_that_fails_as_it_runs_is_named_and_the_next_run_is_right(
    interpret, monkeypatch, opencl_error
):
    class Event:
        command_execution_status = -5

        def wait(self):
            raise opencl_error

    i = interpret(chain("ADD"))
    i(X)
    with monkeypatch.context() as patch:
        patch.setattr(cl, "enqueue_nd_range_kernel", lambda *given: Event())
        for _ in range(2):
            with pytest.raises(DelegateFailed, match=r"op #0 ADD v1: kernel \w+: CL_"):
                i(X)
    assert np.array_equal(i(X), X + 1)


def test_a_tensor_larger_than_the_device_takes_stays_off_it(interpret, load, spare, monkeypatch):
    from delegraph_opencl.program import limits

    monkeypatch.setattr(limits, "ALWAYS_FITS", 0)
    delegate = load()
    monkeypatch.setattr(limits, "choose", lambda wanted: SimpleNamespace(device=small))
    small = SimpleNamespace(max_mem_alloc_size=1024)
    i = interpret(chain("ADD", shape=(256,)), delegate, spare)
    (fallback,) = i.plan.fallbacks
    assert (
        "needs tensors of up to 896 bytes (the device's CL_DEVICE_MAX_MEM_ALLOC_SIZE), found 1,024 bytes"
        in str(fallback)
    )
    assert fallback.runs_on == "spare"


def test_a_tensor_of_more_elements_than_an_int_counts_stays_off_the_device(interpret, load, spare):
    i = interpret(chain("ADD", shape=(2, 1 << 30)), load(), spare, max_tensor_bytes=1 << 62)
    assert "needs tensors of fewer than 2³¹ elements, found" in str(i.plan.fallbacks[0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_says_that_opencl_does_not_survive_it(interpret):
    i = interpret(chain("ADD"))
    i(X)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_run_forked, args=(i, answers))
    child.start()
    assert "was opened before this process was forked" in answers.get(timeout=30)
    child.join(30)


def _run_forked(interpreter, answers) -> None:
    try:
        interpreter(X)
    except DelegateFailed as e:
        answers.put(str(e))
    else:
        answers.put("it ran")
