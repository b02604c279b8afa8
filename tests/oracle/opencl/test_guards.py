"""The guards around buffers catch what they are there for: writes before and behind a buffer, and reads."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import delegraph_opencl
import guards
import numpy as np
import pytest
from one_op_opencl import loaded

SOURCE = """
__kernel void local_writes(__global int* x, int at) {
  __local int parts[8], more[4];
  parts[at] = at;
  x[0] = parts[at];
}
__kernel void local_reads(__global int* x, int at) {
  __local float4 tile[2][4] __attribute__((aligned(16)));
  tile[1][x[0] & 3] = 1;
  barrier(CLK_LOCAL_MEM_FENCE);
  x[0] = tile[1][at - 200 + 3].x;
}
__kernel void writes(__global int* x, int at) { x[at] = 1; }
__kernel void reads(__global int* x, int at) { x[0] = x[at]; }
"""
NUMBERS = 100


def call(name: str, at: int, fixed: bool = False) -> None:
    """Run a kernel that touches one number, of a buffer of ``NUMBERS``.

    :param fixed: the host's, which kernels may only read.
    """
    import pyopencl as cl

    device = loaded().handle.device
    queue = device.queue()
    with guards.guarded():
        if fixed:
            numbers = np.zeros(NUMBERS, np.int32)
            flags = cl.mem_flags.READ_ONLY | cl.mem_flags.USE_HOST_PTR
            buffer = cl.Buffer(device.context, flags, hostbuf=numbers)
        else:
            buffer = cl.Buffer(device.context, cl.mem_flags.READ_WRITE, 4 * NUMBERS)
        kernel = device.kernel(SOURCE, name)
    kernel(queue, (1,), None, buffer, np.int32(at))
    queue.finish()


@pytest.mark.parametrize("at", [-1, -20, NUMBERS, NUMBERS + 5])
def test_a_write_beside_a_buffer_is_seen(at: int) -> None:
    call("writes", at)
    (said,) = guards.overwritten()
    assert said.endswith(f"the first at {4 * at}")
    assert guards.overwritten() == []


def test_what_stays_inside_is_not() -> None:
    call("writes", NUMBERS - 1)
    call("reads", 0)
    assert guards.overwritten() == []


@pytest.mark.parametrize("name", ["reads", "writes"])
def test_a_page_behind_a_buffer_ends_the_process(name: str) -> None:
    assert ended(f"call({name!r}, 200)") == -signal.SIGSEGV


@pytest.mark.parametrize("call", ["call('local_writes', 8)", "call('local_reads', 201)"])
def test_an_index_beside_local_memory_ends_the_process(call: str) -> None:
    assert ended(call) == -signal.SIGSEGV


def test_indices_inside_of_local_memory_do_not() -> None:
    assert ended("call('local_writes', 7); call('local_reads', 200)") == 0


def test_every_index_of_every_local_array_of_the_kernels_is_checked() -> None:
    """A pointer into one would be checked nowhere: indices are all there is."""
    folder = Path(delegraph_opencl.__file__).parent
    texts = {p: p.read_text() for p in folder.rglob("*") if p.suffix in (".py", ".cl")}
    with_local = {p.name: text for p, text in texts.items() if re.search(r"__local\s+\w+\s+\w", text)}
    assert len(with_local) > 5
    for name, text in with_local.items():
        declared = [
            a for d in re.findall(r"__local\s+\w+\s+([^;]*);", text) for a in re.findall(r"(\w+)\s*\[", d)
        ]
        bare = rf"\b({'|'.join(declared)})\b(?!\s*\[)"
        assert not re.search(bare, _without_comments(text)), name


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*|#[^\n]*(?<!\\)\n", "", text, flags=re.DOTALL)


def test_weights_that_kernels_read_where_they_are_cannot_be_written() -> None:
    assert ended("call('reads', 3, fixed=True)") == -signal.SIGSEGV  # it stores what it reads


def ended(code: str) -> int:
    """Return how a process ends that runs this."""
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    program = f"import sys; sys.path[:0] = {folders}; from test_guards import call; {code}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode
