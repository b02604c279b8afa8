"""The delegates of this repository pass the cases of ops: a part of them, drawn by a seed.

DELEGRAPH_CASES=16000 tries them all, which takes minutes on the reference delegate and an hour on OpenCL.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from own_delegates import check_passes

CASES = os.environ.get("DELEGRAPH_CASES", "")
# OpenCL claims nearly the same with all options: of some ops it is asked again.
SOME_CLAIMS = "" if int(CASES or 0) > 1000 else "not every_claim or [T or [SUM or [LSTM"

# delegate, options, cases, what is run
RUNS = (
    ("reference", (), 250, ""),
    ("litert", (), 80, ""),
    ("edgetpu", (), 80, ""),
    ("opencl", ("kernels=cpu",), 60, ""),
    ("opencl", ("kernels=gpu",), 40, SOME_CLAIMS),
    ("opencl", ("kernels=cpu", "precision=float16"), 40, SOME_CLAIMS),
)


@pytest.mark.parametrize(("name", "options", "cases", "expression"), RUNS)
def test_its_ops_are_right(
    name: str, options: tuple[str, ...], cases: int, expression: str, tmp_path: Path
) -> None:
    drawn = ("--cases", CASES or str(cases), "-k", expression)
    check_passes(name, options, ("test_ops",), *drawn, folder=tmp_path)
