"""The suite as its users call it: options, xfails, the summary, and delegates that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from delegraph_conformance.child import Child
from delegraph_conformance.plugin import names, xfail_lines
from delegraph_conformance.subject import Subject


def suite(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    module = "delegraph_conformance.test_table"  # the one that is collected soonest
    command = [sys.executable, "-m", "pytest", "-q", "--pyargs", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_it_runs_by_its_name_and_counts(tmp_path: Path) -> None:
    found = suite("--delegate=reference", cwd=tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "conformance of reference: 1 passed, 0 failed, 0 xfailed" in found.stdout


def test_it_asks_for_a_delegate(tmp_path: Path) -> None:
    assert "--delegate=NAME" in suite(cwd=tmp_path).stdout


def test_what_the_file_names_is_expected_to_fail(tmp_path: Path) -> None:
    file = tmp_path / "xfails.txt"
    file.write_text("test_it_loads_and_claims_something  # not yet\n")
    found = suite("--delegate=nobody", f"--xfails-file={file}", cwd=tmp_path)
    assert "0 passed, 0 failed, 1 xfailed" in found.stdout


def test_a_name_that_no_test_has_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "xfails.txt"
    file.write_text("test_it_loads_and_claims_something[twice]\n")
    found = suite("--delegate=reference", f"--xfails-file={file}", cwd=tmp_path)
    assert "no test is called 'test_it_loads_and_claims_something[twice]'" in found.stdout + found.stderr


def test_lines_have_comments_and_stars() -> None:
    assert xfail_lines("# all\n\na*b  # why\nc[x#1]\n") == ["a*b", "c[x#1]"]
    assert names("test_op[ADD-*]", "p/test_ops.py::test_op[ADD-1-int8]")
    assert names("ADD-1-int8", "p/test_ops.py::test_op[ADD-1-int8]")
    assert not names("ADD-1-int8", "p/test_ops.py::test_op[ADD-1-int8-batch]")


def test_a_process_that_dies_is_named_and_replaced() -> None:
    with Child(Subject("reference", {})) as child:
        with pytest.raises(pytest.fail.Exception, match="died of SIGKILL"):
            child.call(_die)
        assert child.call(_name) == "reference"


def test_what_a_process_raises_is_told() -> None:
    with (
        Child(Subject("reference", {})) as child,
        pytest.raises(pytest.fail.Exception, match="ZeroDivision"),
    ):
        child.call(_divide)


def test_a_process_that_hangs_is_killed() -> None:
    with Child(Subject("reference", {})) as child, pytest.raises(pytest.fail.Exception, match="after 1 s"):
        child.call(_hang, seconds=1)


def _die(subject: Subject) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang(subject: Subject) -> None:
    signal.pause()


def _divide(subject: Subject) -> float:
    return 1 / 0


def _name(subject: Subject) -> str:
    return subject.name
