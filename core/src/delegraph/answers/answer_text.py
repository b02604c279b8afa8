"""What a model said, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from ..report.terminal import report_table
from ..text import escaped, number_text
from .seen import Said
from .tasks import MOMENT, TASKS

SHOWN = 40  # lines of an answer; --json and --csv have all


def answer_parts(one: Said, title: str = "") -> Iterator[Table | str]:
    """Yield a table of an answer, and how many lines more there are.

    :param title: stands after the first heading.
    """
    yield _table(one, title)
    if len(one.records) > SHOWN:
        yield f"{len(one.records) - SHOWN} more (--json and --csv have all)"
    if len(one.moments) > 1:
        yield _moments(one)
        if len(one.moments) > SHOWN:
            yield f"{len(one.moments) - SHOWN} more (--json has all)"


def _table(one: Said, title: str) -> Table:
    """Return an answer as a table; without labels it has no column for them."""
    columns = [c for c in TASKS[one.task].columns if one.named or c not in ("label", "name")]
    first, *rest = columns
    found = report_table(f"{first.rstrip('>')}{title}>", *rest)
    within_one = all(0 <= line["score"] <= 1 for line in one.records if "score" in line)
    for line in one.records[:SHOWN]:
        found.add_row(*(_cell(c.rstrip(">"), line[c.rstrip(">")], within_one) for c in columns))
    if not one.records:
        found.add_row("none", *[""] * len(rest))
    return found


def _moments(one: Said) -> Table:
    """Return which class is the best from when to when."""
    columns = [c for c in MOMENT if one.named or c != "label"]
    found = report_table(*columns)
    within_one = all(0 <= line["score"] <= 1 for line in one.moments)
    for line in one.moments[:SHOWN]:
        texts = {**line, "from": f"{line['from']:.1f} s", "to": f"{line['to']:.1f} s"}
        found.add_row(*(_cell(c.rstrip(">"), texts[c.rstrip(">")], within_one) for c in columns))
    return found


def _cell(column: str, value: Any, within_one: bool) -> str:
    if isinstance(value, str):
        return escaped(value)
    if column == "score":
        return f"{value:.4f}" if within_one else number_text(value)
    if column == "share":
        return f"{value:.1%}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
