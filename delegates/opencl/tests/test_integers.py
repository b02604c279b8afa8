"""Products of bytes on CPUs: which instructions they use, and sums by numbers written out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from delegraph import Builder
from delegraph_opencl.cpu import integers
from delegraph_opencl.device import pocl
from delegraph_opencl.device.device import Device

AVX_512 = "sse2 avx avx2 fma avx512f avx512bw avx512cd avx512dq avx512vl"


@pytest.mark.parametrize(
    ("flags", "bits"),
    [(f"{AVX_512} avx512_vnni", 512), ("sse2 avx avx2 avx_vnni", 256), (AVX_512, 0), ("avx512_vnni", 0)],
)
def test_vnni_is_used_where_the_cpu_lists_it_with_what_it_needs(flags, bits):
    assert pocl.vnni(pocl.flags_of(f"processor : 0\nflags\t\t: {flags}\nbugs : none\n")) == bits


def test_vnni_is_not_used_if_one_core_lacks_it():
    cpuinfo = f"flags\t\t: {AVX_512} avx512_vnni\n\nflags\t\t: {AVX_512}\n"
    assert pocl.vnni(pocl.flags_of(cpuinfo)) == 0


@pytest.mark.parametrize(
    ("version", "is_here", "bits"),
    [((3, 1), True, 512), ((3, 1), False, 0), ((9, 0), True, 0), (None, True, 0)],
)
def test_vnni_is_not_used_on_a_device_elsewhere_nor_by_an_unknown_driver(
    version, is_here, bits, monkeypatch
):
    monkeypatch.setattr(pocl, "host_flags", lambda: frozenset(f"{AVX_512} avx512_vnni".split()))
    device = SimpleNamespace(pocl=version, shares_memory=is_here)
    assert Device.vnni.func(device) == bits


@pytest.mark.parametrize("form", [None, {}, {"HALVES": 1}, {"PLAIN": 1}])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_bytes_times_the_largest_weights_do_not_saturate(interpret, form, sign, monkeypatch):
    """Two products of 255 * 127 are more than 16 bits hold."""
    if form is not None:
        monkeypatch.setattr(integers, "instructions", lambda target: tuple(form.items()))
    depth, channels = 70, 20
    g = Builder()
    x = g.input((8, depth), "int8", scale=1.0, zero_point=-128)
    weights = np.full((channels, depth), 127 * sign, np.int8)
    weights[1] = np.where(np.arange(depth) % 2, 127, -127)
    w = g.constant(weights, scale=1.0, zero_point=0)
    bias = g.constant(np.arange(channels, dtype=np.int32) * 255 * 127, scale=1.0, zero_point=0)
    y = g.tensor((8, channels), "int8", scale=255 * 127, zero_point=0)
    g.op("FULLY_CONNECTED", [x, w, bias], [y], version=4)
    with interpret(g.model(), require_full_delegation=True) as interpreter:
        (found,) = interpreter.run({x.index: np.full((8, depth), 127, np.int8)}).values()
    expected = depth * sign + np.arange(channels)  # in units of 255 * 127
    expected[1] = 1
    np.testing.assert_array_equal(found, np.broadcast_to(expected, found.shape))


@pytest.mark.parametrize("zero_point", [0, 200, 255])
def test_weights_without_a_sign_are_those_less_their_zero_point(interpret, zero_point):
    depth, channels = 9, 17
    g = Builder()
    x = g.input((1, 3, 3, depth), "uint8", scale=1.0, zero_point=3)
    numbers = np.arange(channels * depth).reshape(channels, 1, 1, depth) * 5 % 256
    w = g.constant(numbers.astype(np.uint8), scale=1.0, zero_point=zero_point)
    y = g.tensor((1, 3, 3, channels), "uint8", scale=16.0, zero_point=128)
    g.op("CONV_2D", [x, w, None], [y], padding="SAME", stride_h=1, stride_w=1)
    stored = (np.arange(9 * depth) % 7).reshape(1, 3, 3, depth)
    with interpret(g.model(), require_full_delegation=True) as interpreter:
        (found,) = interpreter.run({x.index: stored.astype(np.uint8)}).values()
    sums = (stored - 3) @ (numbers.reshape(channels, depth) - zero_point).T
    # By 2**31 / 2 and 31 bits to the right, halves up; then by 3 bits more, halves away from zero.
    halves = (sums + 1) >> 1
    expected = np.clip(np.sign(halves) * ((abs(halves) + 4) >> 3) + 128, 0, 255)
    np.testing.assert_array_equal(found, expected)
