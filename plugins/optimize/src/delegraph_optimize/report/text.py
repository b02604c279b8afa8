"""A report as a table for people."""

from __future__ import annotations

from delegraph import bytes_text, escaped, report_table
from delegraph import report_text as laid_out
from rich.console import Group, RenderableType
from rich.text import Text

from .outcome import Outcome, Report

_MOST = 36  # letters of a name


def report_text(report: Report, width: int | None = None) -> str:
    """Return the report as plain text, as wide as the terminal if no width is given."""
    return laid_out(render(report), width)


def render(report: Report) -> RenderableType:
    """Return the report as rich shows it: an op a line, then the notes and the sizes."""
    table = report_table(">", "op", "became", "why not", "output")
    several = len({o.subgraph for o in report.outcomes}) > 1
    for outcome in report.outcomes:
        table.add_row(*map(Text, _cells(outcome, several)))
    lines = [Text(line) for line in (*report.notes, _summary(report))]
    return Group(table, Text(), *lines)


def _cells(outcome: Outcome, several: bool) -> tuple[str, ...]:
    place = f"{outcome.subgraph}:{outcome.index}" if several else f"{outcome.index}"
    stored = f" ({outcome.weights} weights)" if outcome.weights not in ("", outcome.scheme) else ""
    return place, outcome.op, outcome.scheme + stored, outcome.reason, shortened(escaped(outcome.name))


def shortened(name: str) -> str:
    """Return the end of a long name: its beginning is that of its neighbours, too."""
    return name if len(name) <= _MOST else f"…{name[1 - _MOST :]}"


def _summary(report: Report) -> str:
    done, of = len(report.quantized), len(report.outcomes)
    share = 100 * report.bytes_after / max(report.bytes_before, 1)
    sizes = f"{bytes_text(report.bytes_before)} → {bytes_text(report.bytes_after)} ({share:.0f} %)"
    counted = "" if report.scheme == "float32" else f"{done} of {of} ops quantized; "
    return f"{report.scheme}: {counted}{sizes}"
