"""Tables that tests fill row by row and that stand at the end of the run.

A test says ``record_property("models", {"model": …, "ops": …})``; the rows reach the summary from xdist's
workers, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

WIDTH = 168


def rows_of(terminalreporter: Any, name: str) -> list[dict[str, Any]]:
    """Return the rows that tests recorded under ``name``, in the order of the tests."""
    calls = [r for found in terminalreporter.stats.values() for r in found if _is_call(r)]
    return [row for r in calls for key, row in r.user_properties if key == name]


def text(title: str, rows: Sequence[dict[str, Any]]) -> str:
    """Return a table of rows as text: a column for each key that a row has, numbers right, "-" for none."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    columns = {key: value for row in reversed(rows) for key, value in row.items()}
    for key, value in columns.items():
        table.add_column(key, justify="left" if isinstance(value, str) and not _numeric(value) else "right")
    for row in rows:
        table.add_row(*(str(row.get(key, "-")) for key in columns))
    written = StringIO()
    Console(file=written, width=WIDTH, highlight=False, color_system=None).print(table)
    return written.getvalue()


def milliseconds(seconds: float | None) -> str:
    """Return a time for a table; "-" where there is none."""
    return "-" if seconds is None else f"{seconds * 1e3:.2f}"


def ratio(ours: float, theirs: float | None) -> str:
    """Return how many times as long ours takes; below 1 is faster."""
    return "-" if not theirs else f"{ours / theirs:.2f}"


def _is_call(report: Any) -> bool:
    return isinstance(report, pytest.TestReport) and report.when == "call"


def _numeric(value: str) -> bool:
    return value == "-" or value.replace(".", "", 1).replace("e-", "", 1).isdigit()
