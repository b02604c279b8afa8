"""What a run frees is used by the next one."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from delegraph import Builder, Interpreter

g = Builder()
x = g.input((1, 100, 100, 96), "float32")
for _ in range(4):
    x = g.op("ADD", [x, x], [g.tensor((1, 100, 100, 96), "float32")])
with Interpreter(model=g.model(outputs=[x])) as interpreter:
    interpreter.allocate_tensors()
    for _ in range(3):
        interpreter.invoke()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        interpreter.invoke()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about the C library of Linux")
def test_runs_take_no_new_pages() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    pages = 100 * 100 * 96 * 4 // 4096  # of a tensor
    assert int(done.stdout) < pages
