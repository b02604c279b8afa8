"""Broken files: what these tests share with the oracle, and the table of outcomes at the end."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle")]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    import tables

    for row in tables.rows_of(terminalreporter, "fuzz"):
        terminalreporter.section("fuzzing")
        terminalreporter.write_line(row)
    rows = tables.rows_of(terminalreporter, "hostile")
    if not rows:
        return
    terminalreporter.section(f"{sum(map(len, rows))} mutated files")
    counts = Counter((what, how) for row in rows for what, how in row)
    for (how, what), count in sorted(counts.items(), key=lambda item: (item[0][0], -item[1])):
        terminalreporter.write_line(f"{count:6d}  {how}: {what}")


@pytest.fixture(scope="session")
def command() -> Any:
    """Run command lines in a process of limited memory."""
    from commands import Commands

    found = Commands()
    yield found
    found.close()


@pytest.fixture(scope="session", autouse=True)
def _children() -> Any:
    """End the worker and LiteRT's process when the session ends."""
    import litert
    import trial

    yield
    trial.close()
    litert.close()
