"""What became of files, as tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from ..answers import TASKS, Said
from ..answers.answer_text import answer_parts
from ..report.records import plain
from ..report.terminal import report_table
from ..text import escaped, number_text, shape_text, shortened
from .job import Result

SHOWN = 40  # files of a table


def result_parts(found: Result) -> Iterator[RenderableType]:
    """Yield the file, and its answer, its outputs or what went wrong."""
    yield f"{shortened(escaped(found.file))}{f': {escaped(found.error)}' if found.error else ''}"
    if found.task in TASKS:
        yield from answer_parts(Said(found.task, tuple(map(dict, found.records)), ""))
    elif found.records:
        yield _values(found.records)
    elif found.outputs:
        yield _outputs(found)


def results_parts(found: Iterable[Result]) -> Iterator[RenderableType]:
    """Yield a table of files, a line each, and how many more there are."""
    results = iter(found)
    table = report_table("file", "task", "answer", "error")
    for r in islice(results, SHOWN):
        table.add_row(shortened(r.file, 80), r.task or "", shortened(_answer(r), 160), r.error or "")
    yield table
    if left := sum(1 for _ in results):
        yield f"and {left} more"


def _answer(found: Result) -> str:
    if found.judged is not None:
        return _text(found.judged)
    if found.records:
        more = f" and {len(found.records) - 1} more" if len(found.records) > 1 else ""
        return f"{_text(found.records[0])}{more}"
    return ", ".join(f"{name}: {a.dtype} {shape_text(a.shape)}" for name, a in found.outputs.items())


def _text(value: Any) -> str:
    value = plain(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_text(v)}" for k, v in value.items() if v not in ("", None))
    if isinstance(value, (int, float)):
        return number_text(value)
    return value if isinstance(value, str) else json.dumps(value)


def _values(records: Sequence[Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(name for line in records for name in line))
    table = report_table(*columns)
    for line in records[:SHOWN]:
        table.add_row(*(_text(line.get(name, "")) for name in columns))
    return table


def _outputs(found: Result) -> Table:
    table = report_table("output", "type", "shape")
    for name, array in found.outputs.items():
        table.add_row(name, str(array.dtype), shape_text(array.shape))
    return table
