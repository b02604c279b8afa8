"""How tables look in the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from ..report.layout import GAP, fitted, screen_width
from .common import console
from .echo import say

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table


def show(parts: Iterable[RenderableType]) -> None:
    """Print tables and text with an empty line between them, and no blanks at the ends of lines."""
    screen = console()
    for i, part in enumerate(parts):
        with screen.capture() as captured:
            screen.print(part)
        lines = [line.rstrip() for line in captured.get().splitlines()]
        say("\n".join(["", *lines] if i else lines))  # escaped, and then styled, by the console


def table(*columns: str) -> Table:
    """Return a table without lines, see :func:`delegraph.report_table`."""
    from ..report import terminal

    return terminal.report_table(*columns)


def long_table(rows: Sequence[Sequence[str]], flexible: Collection[int], width: int | None = None) -> str:
    """Lay out a table of hundreds of lines as text: rich takes a millisecond a line.

    :param rows: the first has the heads of the columns.
    :param flexible: the columns that share what the others leave of the terminal's width, and are wrapped.
        No word is broken: where the longest have no room, each row becomes a list.
    """
    columns = list(zip(*rows, strict=True))
    natural = [max(map(len, column)) for column in columns]
    words = [max(len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    least = [words[i] if i in flexible else n for i, n in enumerate(natural)]
    width = screen_width() if width is None else width
    widths = fitted(natural, least, width)
    if widths is None:
        return "\n".join(line for cells in rows[1:] for line in _record(rows[0], cells, width))
    return "\n".join(text for cells in rows for text in _wrapped(cells, widths))


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [_lines(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        padded = (part.ljust(width + GAP) for part, width in zip(parts, widths, strict=True))
        yield "".join(padded).rstrip()


def _record(heads: Sequence[str], cells: Sequence[str], width: int) -> Iterator[str]:
    for i, (head, cell) in enumerate(zip(heads, cells, strict=True)):
        if cell:
            before = "  " if i else ""
            yield from _lines(f"{before}{head}: {cell}", width, f"{before}  ")


def _lines(text: str, width: int, indent: str = "") -> list[str]:
    return wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
