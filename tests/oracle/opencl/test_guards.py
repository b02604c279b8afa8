"""The guards around buffers catch what they are there for: writes before and behind a buffer, and reads."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import guards
import numpy as np
import pytest
from one_op_opencl import loaded

SOURCE = """
__kernel void writes(__global int* x, int at) { x[at] = 1; }
__kernel void reads(__global int* x, int at) { x[0] = x[at]; }
"""
NUMBERS = 100


def call(name: str, at: int) -> None:
    """Run a kernel that touches one number, of a buffer of ``NUMBERS``."""
    import pyopencl as cl

    device = loaded().handle.device
    queue = device.queue()
    with guards.guarded():
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
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    program = f"import sys; sys.path[:0] = {folders}; from test_guards import call; call({name!r}, 200)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == -signal.SIGSEGV, done.stderr
