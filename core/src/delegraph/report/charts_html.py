"""A page with charts, which plotly draws; its script is written into the page."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from ..text import escaped, html_text, shortened
from ..values import frozen
from .web_page import header, of_package, page

ROW = 22  # pixels of a bar


@frozen
class Chart:
    """A chart, and what stands above it."""

    title: str
    about: str
    traces: Sequence[dict[str, Any]]
    layout: dict[str, Any]
    height: int  # in pixels


def charts_page(title: str, name: str, above: str, charts: Sequence[Chart], below: str = "") -> str:
    """Return a page.

    :param name: of the model, as text.
    :param above: as HTML, with names in it escaped; ``below`` likewise.
    :raises InputError: plotly is missing: ``delegraph[html]`` brings it.
    """
    sections = (
        f'<section><h2>{html_text(c.title)} <span class="soft">{html_text(c.about)}</span></h2>'
        f'<div class="chart" id="chart{i}"></div></section>'
        for i, c in enumerate(charts)
    )
    body = f"{header(name)}<section>{above}</section>{''.join(sections)}<section>{below}</section>"
    drawn = [
        {"id": f"chart{i}", "traces": c.traces, "layout": c.layout, "height": c.height}
        for i, c in enumerate(charts)
    ]
    return page(title, body, [], [library()], "charts.js", {"charts": drawn})


def library() -> str:
    """Return the script that draws charts."""
    return of_package("plotly", "package_data/plotly.min.js")


def bars(
    title: str, about: str, names: Sequence[str], values: Sequence[float], colors: Any, unit: str
) -> Chart:
    """Return a chart of horizontal bars, the first on top."""
    labels = [chart_text(name) for name in names]
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(labels))),
        "x": list(values),
        "marker": {"color": colors},
        "hovertext": [f"{label}: {value:.3g} {unit}" for label, value in zip(labels, values, strict=True)],
        "hoverinfo": "text",
    }
    ticks = {"tickvals": list(range(len(labels))), "ticktext": labels, "autorange": "reversed"}
    layout = {"xaxis": {"title": {"text": unit}, "rangemode": "tozero"}, "yaxis": ticks, "bargap": 0.25}
    return Chart(title, about, [trace], layout, 70 + ROW * len(labels))


def chart_text(text: str, letters: int = 60) -> str:
    """Write a name for a chart, where tags would be obeyed."""
    return html.escape(escaped(shortened(text, letters)), quote=False)


def table_html(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts; a column whose head ends in ``>`` is aligned to the right."""
    kinds = [' class="number"' if head.endswith(">") else "" for head in heads]
    names = [head.rstrip(">") for head in heads]
    top = "".join(f"<th{kind}>{html_text(name)}</th>" for kind, name in zip(kinds, names, strict=True))
    lines = (
        "".join(
            f'<td{kind} data-head="{html_text(name)}">{html_text(escaped(cell))}</td>'
            for kind, name, cell in zip(kinds, names, row, strict=True)
        )
        for row in rows
    )
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<table class="stack"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
