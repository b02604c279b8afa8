"""Charts as inline SVG: lines, points and histograms. All text in them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10

from attrs import frozen
from delegraph import html_text

COLORS = ("#3b76af", "#e08214", "#2a9d8f", "#b5446e", "#7a5cc4", "#6b7785", "#a3a01e", "#1f9bcf")
_INSIDE, _PAST = "#8b97a5", "#d1242f"  # values within what can be stored, and past it


@frozen
class Point:
    """A point of a chart of two axes."""

    x: float
    y: float
    name: str
    color: str = COLORS[0]
    kept: bool = True  # drawn filled
    label: str = ""  # beside it; the name shows on pointing at it


def lines(
    series: Sequence[tuple[str, str, Sequence[tuple[int, float]]]],
    x_name: str,
    y_name: str,
    mark: tuple[int, str] | None = None,
) -> str:
    """Return lines through points: (name, color, points) each.

    :param mark: a place along the first axis, and what is there: the points of the lines are drawn there
    """
    points = [p for _, _, some in series for p in some if isfinite(p[1])]
    frame = _Frame([float(p[0]) for p in points], [p[1] for p in points], x_name, y_name)
    drawn = [*frame.axes(), *([] if mark is None else _marked(frame, *mark))]
    for name, color, some in series:
        path = " ".join(f"{frame.x(a):.1f},{frame.y(b):.1f}" for a, b in some if isfinite(b))
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.6">'
            f"<title>{html_text(name)}</title></polyline>"
        )
        if mark is not None:
            drawn += [_dot(frame.x(a), frame.y(b), color) for a, b in some if a == mark[0] and isfinite(b)]
    return _svg(frame.width, frame.height, drawn)


def points(some: Sequence[Point], x_name: str, y_name: str) -> str:
    """Return points between two axes."""
    frame = _Frame([p.x for p in some], [p.y for p in some], x_name, y_name)
    drawn = frame.axes()
    for p in some:
        x, y = frame.x(p.x), frame.y(p.y)
        anchor, shift = ("end", -8) if x > frame.width * 0.7 else ("start", 8)
        fill = p.color if p.kept else "#fff"
        drawn.append(
            f'<g><title>{html_text(p.name)}</title><circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" '
            f'stroke="{p.color}"/></g>'
        )
        if p.label:
            text = html_text(_short(p.label))
            drawn.append(f'<text x="{x + shift:.1f}" y="{y - 6:.1f}" text-anchor="{anchor}">{text}</text>')
    return _svg(frame.width, frame.height, drawn)


def _dot(x: float, y: float, color: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color}" stroke="#fff"/>'


def _marked(frame: _Frame, place: int, name: str) -> list[str]:
    """Return a dashed line from below to above, and its name over it."""
    x, low = frame.x(place), frame.height - frame.bottom
    return [
        f'<path class="axis" stroke-dasharray="4 3" d="M{x:.1f} {frame.top}V{low}"/>',
        f'<text x="{x:.1f}" y="{frame.top - 6}" text-anchor="middle">{html_text(name)}</text>',
    ]


def histogram(
    counts: Sequence[int], low: float, high: float, reach: tuple[float, float] | None, title: str
) -> str:
    """Return a small histogram; what lies past the reach of the stored type is red."""
    width, height = 150, 34
    most = max(max(counts, default=0), 1)
    step = (high - low) / max(len(counts), 1)
    drawn = [f"<title>{html_text(title)}</title>"]
    for i, count in enumerate(counts):
        if count:
            middle = low + (i + 0.5) * step
            past = reach is not None and not reach[0] - step <= middle <= reach[1] + step
            size = max(height * (log10(count + 1) / log10(most + 1)), 1)  # tails would be unseen otherwise
            place = f'x="{i * width / len(counts):.1f}" y="{height - size:.1f}"'
            box = f'width="{width / len(counts):.1f}" height="{size:.1f}"'
            drawn.append(f'<rect {place} {box} fill="{_PAST if past else _INSIDE}"/>')
    for end in reach or ():
        if low <= end <= high and high > low:
            x = width * (end - low) / (high - low)
            drawn.append(f'<path d="M{x:.1f} 0V{height}" stroke="#1c2128"/>')
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg {box} role="img">{"".join(drawn)}</svg>'


def drawing(chart: str, names: Sequence[tuple[str, str]] = ()) -> str:
    """Return a chart of two axes as an SVG file of its own, with names in their colors."""
    told = "".join(
        f'<text x="{_Frame.left + 12 + 80 * i}" y="14" fill="{color}">{html_text(name)}</text>'
        for i, (name, color) in enumerate(names)
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_Frame.width}" height="{_Frame.height}" '
    styled = chart.replace("<svg ", head, 1).replace(">", f"><style>{_STYLE}</style>", 1)
    return styled.replace("</svg>", f"{told}</svg>")


_STYLE = "text { font: 12px sans-serif } .axis { stroke: #8b97a5; fill: none } .grid { stroke: #e7eaee }"


class _Frame:
    """Two axes with their ticks."""

    width, height = 640, 300
    left, right, top, bottom = 66, 16, 22, 40

    def __init__(self, xs: Sequence[float], ys: Sequence[float], x_name: str, y_name: str) -> None:
        self.xs = _widened(min(xs, default=0), max(xs, default=1))
        self.ys = _widened(min(ys, default=0), max(ys, default=1))
        self.names = x_name, y_name

    def x(self, value: float) -> float:
        room = self.width - self.left - self.right
        return self.left + room * (value - self.xs[0]) / (self.xs[1] - self.xs[0])

    def y(self, value: float) -> float:
        room = self.height - self.top - self.bottom
        return self.height - self.bottom - room * (value - self.ys[0]) / (self.ys[1] - self.ys[0])

    def axes(self) -> list[str]:
        floor_ = self.height - self.bottom
        drawn = [f'<path class="axis" d="M{self.left} {self.top}V{floor_}H{self.width - self.right}"/>']
        for value in _ticks(*self.ys):
            y = self.y(value)
            drawn.append(f'<path class="grid" d="M{self.left} {y:.1f}H{self.width - self.right}"/>')
            drawn.append(f'<text x="{self.left - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>')
        for value in _ticks(*self.xs):
            drawn.append(
                f'<text x="{self.x(value):.1f}" y="{floor_ + 16}" text-anchor="middle">{value:.6g}</text>'
            )
        x_name, y_name = map(html_text, self.names)
        drawn.append(
            f'<text x="{self.width - self.right}" y="{self.height - 4}" text-anchor="end">{x_name}</text>'
        )
        return [*drawn, f'<text x="4" y="{self.top - 6}">{y_name}</text>']


def _ticks(low: float, high: float, about: int = 5) -> list[float]:
    step = 10.0 ** floor(log10((high - low) / about))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= about)
    return [i * step for i in range(ceil(low / step), floor(high / step) + 1)]


def _widened(low: float, high: float) -> tuple[float, float]:
    """Return ends with a little room beside them, never the same."""
    room = (high - low) * 0.06 or max(abs(low), 1.0) * 0.06
    return low - room, high + room


def _short(name: str, letters: int = 23) -> str:
    return name if len(name) <= letters else f"…{name[1 - letters :]}"


def _svg(width: float, height: float, drawn: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" class="chart" role="img">{"".join(drawn)}</svg>'
