"""A profile says what each kernel took, moved and computed, and lists what crosses the edge apart."""

from __future__ import annotations

import numpy as np
from delegraph import profile
from opencl_parts import chain, tripling, weighting

X = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)


def events_of(interpreter):
    interpreter(X)
    with profile.listen() as events:
        interpreter(X)
    return events


def test_upload_kernels_and_read_back_are_events_of_their_own(interpret, plugins):
    plugins.register(tripling(), "triple")
    upload, kernel, back = events_of(interpret(chain("Triple")))
    assert (upload.name, upload.nbytes, upload.delegate) == ("upload", 64, "opencl")
    assert (kernel.name, kernel.op, kernel.detail) == ("Triple", 0, "triple")
    assert (kernel.nbytes, kernel.flops) == (128, 16)  # 16 floats read, 16 written; a product each
    assert (back.name, back.nbytes, back.delegate) == ("read back", 64, "opencl")
    assert all(0 < e.seconds < 10 for e in (upload, kernel, back))


def test_an_op_that_was_fused_is_named_with_the_one_that_computes_it(interpret):
    (kernel,) = [e for e in events_of(interpret(chain("ADD", "MUL"))) if e.op is not None]
    assert (kernel.op, kernel.name) == (0, "ADD")
    assert kernel.detail.endswith("+ MUL")


def test_a_profiled_run_gives_the_same_numbers(interpret, plugins):
    plugins.register(tripling(), "triple")
    i = interpret(chain("ADD", "Triple", "ADD"))
    expected = (X + 1) * 3 + 1
    assert np.array_equal(i(X), expected)
    with profile.listen():
        assert np.array_equal(i(X), expected)
    assert np.array_equal(i(X), expected)


def test_the_bytes_on_the_device_are_counted(interpret, load, plugins):
    plugins.register(tripling(), "triple")
    plugins.register(weighting([]), "weigh")
    delegate = load()
    i = interpret(chain("Weigh", "Triple", "Triple", "Triple", "Triple", shape=(1000,)), delegate)
    i.allocate_tensors()
    held = delegate.device_bytes()
    assert held["weights"] >= 64
    # The input, the output, and two buffers that four tensors share, of 4,000 bytes each and some spare.
    assert 16_000 <= held["tensors"] <= 17_500
    del i
    assert delegate.device_bytes() == {"weights": 0, "tensors": 0}
