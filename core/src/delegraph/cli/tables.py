"""How numbers, times and tables look in the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from .common import console

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..report.terminal import PlainTable


GAP = 2  # blanks between columns
LEAST = 16  # characters that a flexible column gets however narrow the terminal is


def show(parts: Iterable[RenderableType]) -> None:
    """Print tables and text with an empty line between them, and no blanks at the ends of lines."""
    screen = console()
    for i, part in enumerate(parts):
        with screen.capture() as captured:
            screen.print(part)
        lines = [line.rstrip() for line in captured.get().splitlines()]
        click.echo("\n".join(["", *lines] if i else lines))  # escaped, and then styled, by the console


def table(*columns: str) -> PlainTable:
    """Return a table without lines, see :func:`delegraph.report.terminal.table`."""
    from ..report import terminal

    return terminal.table(*columns)


def long_table(rows: Sequence[Sequence[str]], width: int, flexible: Collection[int]) -> str:
    """Lay out a table of hundreds of lines as text: rich takes a millisecond a line.

    :param flexible: the columns that share what the others leave of ``width``, and are wrapped.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rest = width - GAP * (len(widths) - 1) - sum(n for i, n in enumerate(widths) if i not in flexible)
    for i in flexible:
        widths[i] = min(widths[i], max(rest // len(flexible), LEAST))
    return "\n".join(text for cells in rows for text in _wrapped(cells, widths))


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        padded = (part.ljust(width + GAP) for part, width in zip(parts, widths, strict=True))
        yield "".join(padded).rstrip()


def time_text(seconds: float) -> str:
    """Write a time with three digits: ``35.2 ms``."""
    for limit, unit, factor in ((1e-3, "µs", 1e6), (1.0, "ms", 1e3)):
        if seconds < limit:
            return f"{_three_digits(seconds * factor)} {unit}"
    return f"{_three_digits(seconds)} s"


def number_text(value: float) -> str:
    """Write a number with four digits; an integer in full."""
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
