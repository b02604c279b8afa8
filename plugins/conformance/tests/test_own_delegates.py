"""The delegates of this repository make graphs right and behave.

A few graphs each; DELEGRAPH_GRAPHS=10 makes ten times as many, of every kind of numbers.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

TIMES = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
NOT_ALL = "" if TIMES > 1 else "test_behaviour or [float32] or [int8]"
NUMBERS = "" if TIMES > 1 else "[float32] or [int8]"

# delegate, options, graphs of each kind, what is run of the suite
RUNS = (
    ("reference", (), 2, ""),
    ("litert", (), 2, NOT_ALL),
    ("edgetpu", (), 2, NOT_ALL),
    ("opencl", ("kernels=cpu",), 1, NOT_ALL),
    ("opencl", ("kernels=gpu",), 1, NUMBERS),
    ("opencl", ("kernels=cpu", "precision=float16"), 1, NUMBERS),
)


@pytest.mark.parametrize(("name", "options", "graphs", "expression"), RUNS)
def test_it_passes(
    name: str, options: tuple[str, ...], graphs: int, expression: str, tmp_path: Path
) -> None:
    if find_spec(f"delegraph_{name}") is None:
        pytest.skip(f"delegraph-{name} is not installed")
    modules = [f"delegraph_conformance.{module}" for module in ("test_behaviour", "test_graphs")]
    given = [text for option in options for text in ("--delegate-option", option)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rs",
        "--pyargs",
        *modules,
        f"--delegate={name}",
        *given,
    ]
    found = subprocess.run(
        [*command, "--graphs", str(graphs * TIMES), "-k", expression],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        # PoCL compiles three times as fast, and computes the same but for fused multiply-adds.
        env={**os.environ, "POCL_EXTRA_BUILD_FLAGS": "-cl-opt-disable"},
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert " 0 failed" in found.stdout
