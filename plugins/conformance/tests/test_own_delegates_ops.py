"""The delegates of this repository pass the cases of ops: a part of them, drawn by a seed.

DELEGRAPH_CASES=16000 tries them all, which takes minutes on the reference delegate and an hour on OpenCL.
What is known to fail, and what has no case yet, stands in ``xfails/``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CASES = os.environ.get("DELEGRAPH_CASES", "")
XFAILS = Path(__file__).with_name("xfails")

# delegate, options, cases, what is run: OpenCL claims the same with all options
RUNS = (
    ("reference", (), 700, ""),
    ("litert", (), 200, ""),
    ("edgetpu", (), 200, ""),
    ("opencl", ("kernels=cpu",), 120, ""),
    ("opencl", ("kernels=gpu",), 60, "not every_claim"),
    ("opencl", ("kernels=cpu", "precision=float16"), 60, "not every_claim"),
)


@pytest.mark.parametrize(("name", "options", "cases", "expression"), RUNS)
def test_its_ops_are_right(
    name: str, options: tuple[str, ...], cases: int, expression: str, tmp_path: Path
) -> None:
    if find_spec(f"delegraph_{name}") is None:
        pytest.skip(f"delegraph-{name} is not installed")
    given = [text for option in options for text in ("--delegate-option", option)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "--pyargs",
        "delegraph_conformance.test_ops",
    ]
    xfails = XFAILS / f"{name}.txt"
    given += ["--xfails-file", str(xfails)] if xfails.exists() else []
    found = subprocess.run(
        [*command, f"--delegate={name}", *given, "--cases", CASES or str(cases), "-k", expression],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        # PoCL compiles three times as fast, and computes the same but for fused multiply-adds.
        env={**os.environ, "POCL_EXTRA_BUILD_FLAGS": "-cl-opt-disable"},
    )
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr
    assert " 0 failed" in found.stdout
