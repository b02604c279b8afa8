"""What a search found, as tables for people and as a plot."""

from __future__ import annotations

from delegraph import bytes_text, escaped, report_table, report_text
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..report.charts import COLORS, Point, drawing, points
from ..report.metric import METRICS
from ..report.text import shortened
from .found import SearchResult, Tried

MOST = 12  # ops of the table of sensitivities


def found_text(found: SearchResult, width: int | None = None) -> str:
    """Return the tables as plain text: the sensitive ops, the front, and what was chosen."""
    return report_text(render(found), width)


def render(found: SearchResult) -> RenderableType:
    """Return the tables as rich shows them."""
    return Group(_sensitive(found), Text(), _front(found), Text(), Text(_chosen(found)))


def plot(found: SearchResult) -> str:
    """Return the front as an SVG file: size and metric of all that was tried."""
    front = found.front
    times = 100 if found.metric in METRICS else 1
    some = []
    for t in found.tried:
        kept = any(t is f for f in front)
        color = COLORS[1] if t is found.chosen else COLORS[0]
        x, y = t.trial.nbytes / 1024, times * t.trial.score
        some.append(Point(x, y, _counts(t), color, kept, _counts(t) if kept else ""))
    drawn = points(some, "KiB", f"{escaped(found.metric)}{', %' if times == 100 else ''}")
    return drawing(drawn)


def _sensitive(found: SearchResult) -> Table:
    table = _table(">", "op", "as", f">{escaped(found.metric)} lost", ">noise", ">wins", ">", "output")
    for s in found.sensitivities[:MOST]:
        place = f"{s.place[0]}:{s.place[1]}" if s.place[0] else str(s.place[1])
        cells = (
            place,
            s.op,
            s.scheme,
            _score(found, s.drop),
            f"{100 * s.noise:.2g} %",
            ("-" if s.nbytes < 0 else "") + bytes_text(abs(s.nbytes)),
            f"{1000 * s.seconds:+.2g} ms",
            shortened(escaped(s.name)),
        )
        table.add_row(*map(Text, cells))
    return table


def _front(found: SearchResult) -> Table:
    table = _table(">size", ">ms", f">{escaped(found.metric)}", "ops", "")
    kept = () if found.chosen in found.front else (found.chosen,)  # for its lesser noise
    for t in sorted((*found.front, *kept), key=lambda t: (t.trial.nbytes, -t.trial.score)):
        mark = "chosen" if t is found.chosen else ""
        trial = t.trial
        cells = (
            bytes_text(trial.nbytes),
            f"{1000 * trial.seconds:.3g}",
            _score(found, trial.score),
            _counts(t),
            mark,
        )
        table.add_row(*map(Text, cells))
    return table


def _chosen(found: SearchResult) -> str:
    trial, tried = found.chosen.trial, f"{len(found.tried)} choice{'s' * (len(found.tried) != 1)} tried"
    return (
        f"{_counts(found.chosen)}: {bytes_text(trial.nbytes)}, {escaped(found.metric)} "
        f"{_score(found, trial.score)} ({_score(found, found.base)} with floats); {tried}"
    )


def _score(found: SearchResult, value: float) -> str:
    return f"{100 * value:.2f} %" if found.metric in METRICS else f"{value:.4g}"


def _counts(tried: Tried) -> str:
    return ", ".join(f"{n} {scheme}" for scheme, n in tried.counts.most_common())


def _table(*columns: str) -> Table:
    return report_table(*(f"{c.lstrip('>')}{'>' if c.startswith('>') else ''}" for c in columns))
