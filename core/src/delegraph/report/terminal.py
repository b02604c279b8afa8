"""The console that reports are printed with: what is in a model is shown, never obeyed.

Names come from model files. Characters that a terminal would obey are written as escapes before a table is
laid out, so that its columns stay straight; and once more, for whatever was not a plain string, at the end.
Nothing that looks like markup or an emoji is taken for one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from ..text import escaped, escaped_lines
from .layout import GAP, WIDTH, fitted, screen_width


class EscapingConsole(Console):
    """A console that prints text as it is, with escapes for characters that a terminal would obey."""

    def render_str(self, text: str, **settings: Any) -> Text:
        return super().render_str(escaped_lines(text), **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=escaped_lines(segment.text))


class PlainTable(Table):
    """A table without lines, whose cells are one line each, whatever a name in them holds.

    No word is broken: where a line has no room for the longest words of all columns, each row becomes a
    list of its own, a line for each cell.
    """

    def __init__(self) -> None:
        super().__init__(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")

    def add_row(self, *cells: RenderableType | None, **settings: Any) -> None:
        super().add_row(*(escaped(c) if isinstance(c, str) else c for c in cells), **settings)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        texts = [[_text(console, cell) for cell in c.cells] for c in self.columns]
        heads = [_text(console, column.header) for column in self.columns]
        natural = [
            max(t.cell_len for t in (head, *cells)) for head, cells in zip(heads, texts, strict=True)
        ]
        least = [
            wide if column.no_wrap else max(_longest_word(t) for t in (head, *cells))
            for column, head, cells, wide in zip(self.columns, heads, texts, natural, strict=True)
        ]
        widths = fitted(natural, least, options.max_width)
        if widths is None:
            yield from self._records(heads, texts)
            return
        for column, width in zip(self.columns, widths, strict=True):
            column.width = width
        yield from super().__rich_console__(console, options.update(max_width=options.max_width + GAP))

    def _records(self, heads: Sequence[Text], texts: Sequence[Sequence[Text]]) -> RenderResult:
        for row, cells in zip(self.rows, zip(*texts, strict=True), strict=True):
            for i, (head, cell) in enumerate(zip(heads, cells, strict=True)):
                if cell.plain:
                    label = (f"{head.plain}: ", "dim") if head.plain else ""
                    line = Text.assemble(label, cell, style=row.style or "")
                    yield Padding(line, (0, 0, 0, 2 if i else 0))


def report_table(*columns: str) -> Table:
    """Return a table without lines; a column whose name ends in ``>`` is aligned to the right.

    Cells of these stay on one line; others wrap where the terminal is narrow.
    """
    found = PlainTable()
    for column in columns:
        right = column.endswith(">")
        found.add_column(
            column.rstrip(">"), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    return found


def console() -> EscapingConsole:
    """Return a console on stdout, as wide as the terminal, see :func:`screen_width`."""
    return EscapingConsole(width=screen_width(), **_PLAIN)


def html(content: RenderableType, width: int = WIDTH) -> str:
    """Return a report as a piece of a page, for a notebook: the text of the terminal, with its styles."""
    screen = EscapingConsole(file=io.StringIO(), record=True, width=width, **_PLAIN)
    screen.print(content)
    code_format = '<pre style="line-height: normal; overflow-x: auto">{code}</pre>'
    return screen.export_html(inline_styles=True, code_format=code_format)


def report_text(content: RenderableType, width: int | None = None) -> str:
    """Return what a console would print of a report, without colors and blanks at the ends of lines.

    :param width: in columns; None: the terminal's.
    """
    text = io.StringIO()
    wide = screen_width() if width is None else width
    EscapingConsole(file=text, width=wide, color_system=None, **_PLAIN).print(content)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _text(console: Console, cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else console.render_str(str(cell))


def _longest_word(text: Text) -> int:
    return max((cell_len(word) for word in text.plain.split()), default=0)


_PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
