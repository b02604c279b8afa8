"""Delegates with ops of their own, in packages of strangers: cases that they offer, claims without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import numpy as np
from delegraph import Builder, Delegate, OpSupport, hookimpl, run_op_by_op

DELEGRAPH_API = 1


class Cuber(Delegate):
    name = "cuber"

    def unavailable(self):
        return WHY

    def prepare(self, partition):
        return run_op_by_op(partition, lambda op: lambda x: (x * x * x * FACTOR,))


@hookimpl
def delegraph_delegates():
    return [Cuber]


@hookimpl
def delegraph_op_support(delegate):
    if delegate.name != "cuber":
        return []
    shapes = lambda op, given: [given[0]]
    return [OpSupport("Cube", (1, VERSIONS), "float32 -> float32", shapes=shapes)]


@hookimpl
def delegraph_conformance_cases():
    from delegraph_conformance import OpCase

    g = Builder()
    y = g.op("Cube", [g.input((3,), "float32")], [g.tensor((3,), "float32")])
    x, right = np.float32([-2, 0, 3]), np.float32([-8, 0, 27])
    return [OpCase("Cube", "three numbers", g.model([y]), [x], [right])][:CASES]
"""


def said(
    tmp_path: Path,
    *options: str,
    factor: str = "1",
    versions: int = 1,
    cases: int = 1,
    why: str | None = None,
) -> str:
    """Return what the suite says of a delegate that is installed in a folder."""
    text = MODULE.replace("FACTOR", factor).replace("VERSIONS", str(versions)).replace("CASES", str(cases))
    text = text.replace("WHY", repr(why))
    (tmp_path / "cuber.py").write_text(text)
    about = tmp_path / "cuber-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cuber\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[delegraph]\ncuber = cuber\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "--pyargs", "delegraph_conformance.test_ops"]
    asked = ["--delegate=cuber", "--cases=5", "--report", str(tmp_path / "card.md")]
    done = subprocess.run(
        [*command, *asked, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )
    return f"{done.stdout}{done.stderr}\nexit code {done.returncode}"


def test_cases_that_a_package_offers_are_run(tmp_path: Path) -> None:
    assert "conformance of cuber: 7 passed, 0 failed" in said(tmp_path)
    card = (tmp_path / "card.md").read_text()
    assert "| Cube | 1 | float32>float32 | delegated | 1 |" in card
    assert "1 ops; cases of ops: 1 delegated, 5 refused" in card


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"factor": "np.float32(1.01)"}, "off by 0.01 of the largest value, the row claims 1e-05"),
        (
            {"factor": "1.0", "versions": 2},
            "Cube float32 -> float32: no case of version 2; add one through",
        ),
        (
            {"cases": 0},
            "Cube v1 float32 -> float32: no case; add one through the hook delegraph_conformance_cases",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, lie: dict[str, object], words: str) -> None:
    found = said(tmp_path, "--report", str(tmp_path / "card.json"), **lie)  # type: ignore[arg-type]
    assert words in found, found
    assert "1 failed" in found
    (line,) = json.loads((tmp_path / "card.json").read_text())["failures"]
    assert words.partition(";")[0] in line


def test_where_the_delegate_cannot_work_all_tests_are_skipped_with_its_reason(tmp_path: Path) -> None:
    found = said(tmp_path, why="no cube-1000 is plugged in")
    assert "conformance of cuber: 0 passed, 0 failed, 0 xfailed, 0 filtered, " in found, found
    assert "skipped; not available on this machine: no cube-1000 is plugged in" in found
    assert "exit code 0" in found


def test_where_it_has_to_work_the_suite_stops_there(tmp_path: Path) -> None:
    found = said(tmp_path, "--require-available", why="no cube-1000 is plugged in")
    assert "cuber is not available on this machine: no cube-1000 is plugged in" in found, found
    assert "1 error; not available on this machine: no cube-1000 is plugged in" in found
    assert "exit code 1" in found
