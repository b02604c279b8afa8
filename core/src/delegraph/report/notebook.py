"""Reports in a notebook: what the terminal shows as columns is a table there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..text import escaped_lines, html_text

_CELL = "text-align:{}; vertical-align:top; white-space:pre-wrap"


def report_html(content: RenderableType) -> str:
    """Return a report as a piece of a page: tables as tables, texts as paragraphs.

    :param content: a text, a table (see :func:`delegraph.report_table`), or a group of these.
    """
    return "".join(_parts(content))


def _parts(content: RenderableType) -> Iterator[str]:
    if isinstance(content, Group):
        for part in content.renderables:
            yield from _parts(part)
    elif isinstance(content, Table):
        yield _table(content)
    elif _plain(content).strip():
        yield f'<p style="white-space:pre-wrap">{_styled(content, _style(content))}</p>'


def _table(table: Table) -> str:
    sides = [column.justify for column in table.columns]
    heads = _row("th", sides, (c.header for c in table.columns), "")
    rows = (
        _row("td", sides, cells, str(row.style or ""))
        for row, cells in zip(table.rows, zip(*(c.cells for c in table.columns), strict=True), strict=True)
    )
    below = "" if table.caption is None else f"<p>{_styled(table.caption, '')}</p>"
    body = f"<thead>{heads}</thead><tbody>{''.join(rows)}</tbody>"
    return f'<table style="margin-bottom:1em">{body}</table>{below}'


def _row(tag: str, sides: Iterable[str], cells: Iterable[RenderableType], style: str) -> str:
    filled = (
        f'<{tag} style="{_CELL.format(side)}">{_styled(cell, style or _style(cell))}</{tag}>'
        for side, cell in zip(sides, cells, strict=True)
    )
    return f"<tr>{''.join(filled)}</tr>"


def _plain(content: RenderableType) -> str:
    return content.plain if isinstance(content, Text) else str(content)


def _style(content: RenderableType) -> str:
    return str(content.style) if isinstance(content, Text) else ""


def _styled(content: RenderableType, style: str) -> str:
    text = html_text(escaped_lines(_plain(content))).strip("\n")
    return f"<b>{text}</b>" if "bold" in style else text
