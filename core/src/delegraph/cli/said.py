"""What commands print of answers: tables for people, records for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..answers import TASKS, Said, tasks_text
from ..report.records import csv_text, plain

if TYPE_CHECKING:
    from rich.table import Table


def said_tables(said: Sequence[Said]) -> Iterator[Table | str]:
    """Yield a table for each answer; where several outputs say one, the first heading names which."""
    from ..answers.answer_text import answer_parts

    for one in said:
        yield from answer_parts(one, f" of {one.output}" if len(said) > 1 else "")


def how_known(said: Sequence[Said]) -> str | None:
    """Return a sentence on how the task was guessed, or None: it was not."""
    if not said or not said[0].is_guess:
        return None
    return f"task {said[0].task}, a guess: {said[0].why}; --task changes it ({tasks_text()})"


def said_json(said: Iterable[Said]) -> list[dict[str, Any]]:
    """Return answers as JSON has them."""
    found = []
    for s in said:
        about = {"task": s.task, "output": s.output, "why": s.why, "guess": s.is_guess, "answer": s.records}
        found.append(plain(about | ({"moments": s.moments} if s.moments else {})))
    return found


def said_csv(said: Sequence[Said], file: str, head: bool) -> str:
    """Return answers as lines of CSV; the first column is the file."""
    columns = columns_of(said[0].task)
    records = [{"file": file, "output": s.output, **line} for s in said for line in s.records]
    return csv_text(columns, records, head)


def columns_of(task: str) -> tuple[str, ...]:
    """Return the columns of a task's CSV."""
    return ("file", "output", *(c.rstrip(">") for c in TASKS[task].columns))
