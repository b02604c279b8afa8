"""The oracle: tests that compare delegraph with LiteRT, which runs in a child process.

``from litert import run``, ``from one_op import check`` and the like work in every test below this folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import litert
import tables
from hypothesis import settings

# Generated cases are the same in every run; HYPOTHESIS_PROFILE=explore tries new ones. Exploring may find
# a table entry where the last bit of the machine's own tanhf or expf decides a tie (docs/numbers.md).
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

TABLES = {
    "models": "Models against LiteRT (one thread; medians; ratios below 1: delegraph is faster)",
    "opencl models": "OpenCL: distance from BUILTIN_REF, in steps or relative to the largest value",
    "opencl accuracy": "OpenCL: classes and accuracy beside LiteRT's",
    "accuracy": "Accuracy, prediction by prediction against LiteRT BUILTIN_REF",
}


@pytest.fixture(scope="session", autouse=True)
def _litert_child() -> Iterator[None]:
    """End LiteRT's process when the session ends."""
    yield
    litert.close()


def pytest_report_header() -> str:
    return f"oracle: litert {litert.version() or 'not installed: tests against it are skipped'}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for name, title in TABLES.items():
        if rows := tables.rows_of(terminalreporter, name):
            terminalreporter.section(name)
            terminalreporter.write_line(tables.text(title, rows))
