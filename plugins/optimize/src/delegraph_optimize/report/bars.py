"""Bars and intervals as HTML, under the whole name of what they belong to. All text in them is escaped.

Text of SVG shrinks with the picture, and cannot wrap: names were cut off, and too small on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen
from delegraph import html_text


@frozen
class Bar:
    """A bar, or a point with an interval."""

    label: str  # among the bars of its group
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    is_pale: bool = False


@frozen
class BarGroup:
    """What several bars belong to."""

    name: str
    color: str
    bars: Sequence[Bar]


def bars(groups: Sequence[BarGroup]) -> str:
    """Return bars from 0."""
    most = max((b.value for g in groups for b in g.bars), default=0.0) or 1.0

    def drawn(bar: Bar, color: str) -> str:
        width = max(100 * bar.value / most, 0.3)  # percent; a little is seen of the shortest, too
        return _box(f"width:{width:.2f}%;background:{color}{'88' if bar.is_pale else ''}")

    return _rows(groups, drawn)


def intervals(groups: Sequence[BarGroup]) -> str:
    """Return a point for each bar with its interval, over a line at 0."""
    ends = [v for g in groups for b in g.bars for v in (b.low, b.value, b.high) if v is not None]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    room = (high - low) * 0.04 or 1.0

    def at(value: float) -> float:
        return 100 * (value - low + room) / (high - low + 2 * room)

    def drawn(bar: Bar, color: str) -> str:
        a, b = (at(bar.value if end is None else end) for end in (bar.low, bar.high))
        return (
            _box(f"left:{at(0):.2f}%", "zero")
            + _box(f"left:{a:.2f}%;width:{b - a:.2f}%;background:{color}", "line")
            + _box(f"left:{at(bar.value):.2f}%;background:{color}", "point")
        )

    return _rows(groups, drawn)


def legend(names: Sequence[tuple[str, str]]) -> str:
    """Return names behind their colors: (name, color) each."""
    drawn = "".join(f"<li>{key(color)}<span>{html_text(name)}</span></li>" for name, color in names)
    return f'<ul class="legend">{drawn}</ul>'


def key(color: str) -> str:
    """Return a small square of a color."""
    return f'<span class="key" style="background:{color}"></span>'


def _rows(groups: Sequence[BarGroup], drawn: Callable[[Bar, str], str]) -> str:
    rows = []
    for group in groups:
        rows.append(f'<b class="of">{key(group.color)}<span>{html_text(group.name)}</span></b>')
        rows += [_row(bar, drawn(bar, group.color)) for bar in group.bars]
    return f'<div class="bars">{"".join(rows)}</div>'


def _row(bar: Bar, drawn: str) -> str:
    label, text = html_text(bar.label), html_text(bar.text)
    return f'<span>{label}</span><span class="track">{drawn}</span><span class="number">{text}</span>'


def _box(style: str, kind: str = "bar") -> str:
    return f'<i class="{kind}" style="{style}"></i>'


STYLE = """\
.bars { display: grid; grid-template-columns: fit-content(40%) minmax(60px, 1fr) max-content; gap: 3px 10px;
  align-items: center; max-width: 760px; overflow-wrap: anywhere; }
.bars .of { grid-column: 1 / -1; margin-top: 5px; font-weight: normal; display: flex; }
.bars .of ~ span:not(.track, .number) { padding-left: 17px; }
.number { font-variant-numeric: tabular-nums; }
.track { position: relative; height: 15px; print-color-adjust: exact; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: 2px; }
.track .zero { width: 1px; top: -4px; bottom: -4px; background: #8b97a5; }
.track .line { top: 6px; bottom: 6px; }
.track .point { width: 9px; top: 3px; bottom: 3px; margin-left: -4px; border-radius: 50%; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 2px 0 0; padding: 0; list-style: none; }
.legend li { display: flex; min-width: 0; overflow-wrap: anywhere; }
.key { display: inline-block; flex: none; width: 11px; height: 11px; margin: 3px 6px 0 0;
  border-radius: 3px; print-color-adjust: exact; }
"""
