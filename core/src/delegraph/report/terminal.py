"""The console that reports are printed with: what is in a model is shown, never obeyed.

Names come from model files. Characters that a terminal would obey are written as escapes before a table is
laid out, so that its columns stay straight; and once more, for whatever was not a plain string, at the end.
Nothing that looks like markup or an emoji is taken for one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from ..text import escaped, escaped_lines


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
    """A table without lines, whose cells are one line each, whatever a name in them holds."""

    def __init__(self) -> None:
        super().__init__(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")

    def add_row(self, *cells: RenderableType | None, **settings: Any) -> None:
        super().add_row(*(escaped(c) if isinstance(c, str) else c for c in cells), **settings)


def table(*columns: str) -> PlainTable:
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


def console(width: int) -> EscapingConsole:
    """Return a console on stdout, of this width where that is no terminal."""
    found = EscapingConsole(**_PLAIN)
    return found if found.is_terminal else EscapingConsole(width=width, **_PLAIN)


def html(content: RenderableType, width: int = 108) -> str:
    """Return a report as a piece of a page, for a notebook: the text of the terminal, with its styles."""
    screen = EscapingConsole(file=io.StringIO(), record=True, width=width, **_PLAIN)
    screen.print(content)
    code_format = '<pre style="line-height: normal; overflow-x: auto">{code}</pre>'
    return screen.export_html(inline_styles=True, code_format=code_format)


def plain_text(content: RenderableType, width: int) -> str:
    """Return what a console would print of a report, without colors and blanks at the ends of lines."""
    text = io.StringIO()
    EscapingConsole(file=text, width=width, color_system=None, **_PLAIN).print(content)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


_PLAIN: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False}
