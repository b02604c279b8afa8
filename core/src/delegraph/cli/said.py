"""What commands print of answers: tables for people, records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..answers import TASKS, Said, tasks_text
from ..report.records import csv_text, plain
from ..text import escaped
from .tables import number_text, table

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 40  # lines of an answer in the terminal


def said_tables(said: Sequence[Said]) -> Iterator[Table | str]:
    """Yield a table for each answer; where several outputs say one, the first heading names which."""
    for one in said:
        yield _table(one, f" of {one.output}" if len(said) > 1 else "")
        if len(one.records) > SHOWN:
            yield f"{len(one.records) - SHOWN} more (--json and --csv have all)"


def how_known(said: Sequence[Said]) -> str | None:
    """Return a sentence on how the task was guessed, or None: it was not."""
    if not said or not said[0].is_guess:
        return None
    return f"task {said[0].task}, a guess: {said[0].why}; --task changes it ({tasks_text()})"


def said_json(said: Iterable[Said]) -> list[dict[str, Any]]:
    """Return answers as JSON has them."""
    return [
        plain({"task": s.task, "output": s.output, "why": s.why, "guess": s.is_guess, "answer": s.records})
        for s in said
    ]


def said_csv(said: Sequence[Said], file: str, head: bool) -> str:
    """Return answers as lines of CSV; the first column is the file."""
    columns = columns_of(said[0].task)
    records = [{"file": file, "output": s.output, **line} for s in said for line in s.records]
    return csv_text(columns, records, head)


def columns_of(task: str) -> tuple[str, ...]:
    """Return the columns of a task's CSV."""
    return ("file", "output", *(c.rstrip(">") for c in TASKS[task].columns))


def _table(one: Said, title: str) -> Table:
    """Return an answer as a table; without labels it has no column for them."""
    columns = [c for c in TASKS[one.task].columns if one.named or c not in ("label", "name")]
    first, *rest = columns
    found = table(f"{first.rstrip('>')}{title}>", *rest)
    within_one = all(0 <= line["score"] <= 1 for line in one.records if "score" in line)
    for line in one.records[:SHOWN]:
        found.add_row(*(_cell(c.rstrip(">"), line[c.rstrip(">")], within_one) for c in columns))
    if not one.records:
        found.add_row("none", *[""] * len(rest))
    return found


def _cell(column: str, value: Any, within_one: bool) -> str:
    if isinstance(value, str):
        return escaped(value)
    if column == "score":
        return f"{value:.4f}" if within_one else number_text(value)
    if column == "share":
        return f"{value:.1%}"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
