"""The delegates of this repository make graphs right and behave.

A few graphs each; DELEGRAPH_GRAPHS=10 makes ten times as many, of every kind of numbers.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from own_delegates import check_passes

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
    amount = ("--graphs", str(graphs * TIMES), "-k", expression)
    check_passes(name, options, ("test_behaviour", "test_graphs"), *amount, folder=tmp_path)
