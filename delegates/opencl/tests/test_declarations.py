"""Of PoCL's header a program gets the functions that it names, and what comes of it is the same."""

from __future__ import annotations

import numpy as np
import pyopencl as cl
import pytest
from delegraph_opencl.device import declarations
from delegraph_opencl.device.device import Device
from opencl_parts import chain

pytestmark = pytest.mark.skipif(declarations.declared("") is None, reason="PyPI's PoCL is not installed")
PUT_TOGETHER = """
#define V(name) name##4
#define TO(T, x) convert_##T(x)
__kernel void k(__global float* x) {
  V(vstore)(TO(float4, TO(uchar4_sat_rte, V(vload)(0, x) * 100.0f)), 0, x);
}
"""
UNFORESEEN = """
#define PASTED(a, b) a##b
__kernel void k(__global float* x) { x[get_global_id(0)] = PASTED(fl, oor)(x[get_global_id(0)]); }
"""


@pytest.fixture
def built(monkeypatch):
    """The options that programs were built with, whether they compiled or not."""
    options = []
    compiled = Device._compiled

    def noted(self, source, text, *given):
        options.append(given)
        return compiled(self, source, text, *given)

    monkeypatch.setattr(Device, "_compiled", noted)
    return options


def ran(device, source, values):
    numbers = np.float32(values)
    queue, flags = device.queue(), cl.mem_flags.READ_WRITE | cl.mem_flags.COPY_HOST_PTR
    buffer = cl.Buffer(device.context, flags, hostbuf=numbers)
    device.kernel(source, "k")(queue, (1,), None, buffer)
    cl.enqueue_copy(queue, numbers, buffer)
    return numbers.tolist()


@pytest.fixture
def pocl(load):
    device = load().device
    if device.pocl != (3, 0):
        pytest.skip("this device is not PyPI's PoCL")
    return device


def test_a_function_is_declared_for_all_types_or_not_at_all():
    text = declarations.declared("x = max(a, b);")
    for result in ("char", "ulong16", "float3", "double2"):
        assert f"{result} __ovld __cnfn max({result}" in text
    assert " min(" not in text
    assert text.endswith("\n#line 1\nx = max(a, b);")  # messages name the source's own lines


def test_names_that_the_kernels_macros_put_together_are_found(pocl, built):
    assert ran(pocl, PUT_TOGETHER, [-1, 0.014, 1, 3]) == [0, 1, 100, 255]
    assert built == [(declarations.SKIPPED,)]


def test_a_program_that_does_not_compile_so_is_built_with_the_whole_header(pocl, built):
    assert ran(pocl, UNFORESEEN, [1.5]) == [1]
    assert built == [(declarations.SKIPPED,), ()]


def test_kernels_of_this_package_need_no_whole_header(pocl, built, interpret):
    pocl._programs.clear()
    assert interpret(chain("ADD", "MUL"))(np.ones((1, 2, 2, 4), np.float32)).max() == 4
    assert set(built) == {(declarations.SKIPPED,)}
