"""What was measured of models as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

from collections.abc import Sequence
from string import Template

from delegraph import bytes_text, escaped, html_text

from .accuracy import Score
from .bars import STYLE, Bar, BarGroup, bars, intervals, key, legend
from .charts import COLORS, Point, histogram, lines, points
from .latency import Latency
from .layers import BROKEN, Layer, Spread
from .measure import MeasuredModel, Measurement
from .measurement_text import decibels_text, latency_text, place_text, score_cells
from .text import shortened

_HIGH = 70.0  # decibels: more are drawn as so many
MOST = 200  # layers of a model that the page shows, the worst ones; JSON has all


def to_html(found: Measurement) -> str:
    """Return the page."""
    first, others = escaped(found.models[0].name), len(found.models) - 1
    parts = [p for p in (_sizes(found), _scores(found), _plane(found), _layers(found), _times(found)) if p]
    tables = [_table(m, i) for i, m in enumerate(found.models) if m.layers]
    return page(f"{first} and {others} more" if others else first, _summary(found), parts, tables)


def page(title: str, summary: str, charts: Sequence[str], tables: Sequence[str]) -> str:
    """Return a page of parts that are HTML; the title is not yet."""
    return _PAGE.substitute(  # in one pass: what names bring in is not looked at again
        title=html_text(title),
        bars=STYLE,
        summary=summary,
        charts="\n".join(charts),
        tables="\n".join(tables),
    )


def _summary(found: Measurement) -> str:
    sizes = [_summary_row(found, m, i) for i, m in enumerate(found.models)]
    heads = ["model", "on disk", "", "compressed", "outputs, dB", "breaks first at"]
    scores = [
        row([m.name, *score_cells(s)], "td", key(_color(i)))
        for i, m in enumerate(found.models)
        for s in m.scores
    ]
    written = whole_table(heads, sizes)
    if scores:
        heads = ["model", "measure", "", "95 % interval", "difference", "95 % interval", "p (McNemar)"]
        written += whole_table(heads, scores) + f"<p>{found.samples} samples</p>"
    return written


def whole_table(heads: list[str], rows: list[str]) -> str:
    """Return a table; the rows are HTML, the heads are not yet."""
    return f"<table><thead>{row(heads, 'th')}</thead><tbody>{''.join(rows)}</tbody></table>"


def _summary_row(found: Measurement, model: MeasuredModel, place: int) -> str:
    share = f"{100 * model.size.nbytes / max(found.models[0].size.nbytes, 1):.0f} %" if place else ""
    broken = model.first_broken
    where = (
        ""
        if broken is None
        else f"op {place_text(broken)} {broken.op} ({decibels_text(broken.decibels)} dB)"
    )
    sizes = bytes_text(model.size.nbytes), share, bytes_text(model.size.compressed)
    return row([model.name, *sizes, decibels_text(model.decibels), where], "td", key(_color(place)))


def row(cells: list[str], tag: str, before: str = "") -> str:
    """Return a row of a table of texts that are no HTML yet."""
    written = [f"<{tag}>{html_text(escaped(c))}</{tag}>" for c in cells]
    if before:
        written[0] = written[0].replace(f"<{tag}>", f"<{tag}>{before}", 1)
    return f"<tr>{''.join(written)}</tr>"


def _color(place: int) -> str:
    return COLORS[place % len(COLORS)]


def figure(title: str, about: str, chart: str) -> str:
    """Return a chart with what it shows; the texts are no HTML yet."""
    return f"<figure><figcaption><b>{html_text(title)}</b> {html_text(about)}</figcaption>{chart}</figure>"


def _sizes(found: Measurement) -> str:
    groups = [
        BarGroup(
            m.name, _color(i), (_size("file", m.size.nbytes), _size("compressed", m.size.compressed, True))
        )
        for i, m in enumerate(found.models)
    ]
    return figure("Size", "of the file, and of the file compressed by deflate", bars(groups))


def _size(label: str, nbytes: int, is_pale: bool = False) -> Bar:
    return Bar(label, nbytes, bytes_text(nbytes), is_pale=is_pale)


def _scores(found: Measurement) -> str:
    groups = [
        BarGroup(
            m.name, _color(i), [_difference(s, s.difference) for s in m.scores if s.difference is not None]
        )
        for i, m in enumerate(found.models)
    ]
    about = f"from {found.models[0].name}, in points; 95 % interval of the paired difference"
    groups = [g for g in groups if g.bars]
    return figure("Difference", about, intervals(groups)) if groups else ""


def _difference(score: Score, difference: float) -> Bar:
    low, high = (None, None) if score.paired is None else (100 * end for end in score.paired)
    return Bar(score.metric, 100 * difference, f"{100 * difference:+.2f}", low, high)


def _plane(found: Measurement) -> str:
    metric = next((s.metric for m in found.models for s in m.scores), None)
    some = [
        Point(m.size.nbytes / 1024, 100 * s.value, m.name, _color(i))
        for i, m in enumerate(found.models)
        for s in m.scores
        if s.metric == metric
    ]
    if len(some) < 2:
        return ""
    chart = points(some, "KiB", f"{metric}, %") + legend([(p.name, p.color) for p in some])
    return figure("Size and quality", "up and left is better", chart)


def _layers(found: Measurement) -> str:
    series = [
        (
            m.name,
            _color(i),
            [(n, min(x.decibels, _HIGH)) for n, x in enumerate(m.layers) if x.decibels is not None],
        )
        for i, m in enumerate(found.models)
    ]
    series = [s for s in series if s[2]]
    if not series:
        return ""
    about = (
        f"signal above the difference from {found.models[0].name}; below {BROKEN:.0f} dB a layer is broken"
    )
    chart = lines(series, "op", "dB") + legend([(name, color) for name, color, _ in series])
    return figure("Layers", about, chart)


def _times(found: Measurement) -> str:
    groups = [
        BarGroup(m.name, _color(i), [_time(t, t.seconds) for t in m.latencies if t.seconds is not None])
        for i, m in enumerate(found.models)
    ]
    groups = [g for g in groups if g.bars]
    failed = "".join(
        f"<p>{html_text(f'{m.name} on {t.delegate}: {t.why}')}</p>"
        for m in found.models
        for t in m.latencies
        if t.seconds is None
    )
    chart = figure("Time", "of a run, the median", bars(groups)) if groups else ""
    return chart + failed


def _time(latency: Latency, seconds: float) -> Bar:
    return Bar(latency.delegate, 1000 * seconds, latency_text(latency))


def _table(model: MeasuredModel, place: int) -> str:
    worst = sorted(model.layers, key=_worse)[:MOST]
    shown = {id(x) for x in worst}
    heads = [
        "op",
        "",
        "output",
        "type",
        "dB",
        "cosine",
        "values",
        "past",
        "weights",
        "dB",
        "values",
        "bytes",
    ]
    rows = [_layer_row(model, x) for x in model.layers if id(x) in shown]
    left = len(model.layers) - len(worst)
    note = f"<p>{left} more layers are better than these; the JSON has them.</p>" if left else ""
    head = f"<h2>{key(_color(place))}<span>{html_text(escaped(model.name))}</span></h2>"
    return f'{head}<div class="wide">{whole_table(heads, rows)}</div>{note}'


def _worse(layer: Layer) -> float:
    found = layer.decibels if layer.decibels is not None else layer.weights_decibels
    return 1e3 if found is None else found


def _layer_row(model: MeasuredModel, layer: Layer) -> str:
    size = model.size.layers.get((layer.subgraph, layer.index))
    cells = [
        html_text(place_text(layer)),
        html_text(layer.op),
        _named(layer.name),
        layer.dtype,
        decibels_text(layer.decibels),
        "" if layer.cosine is None else f"{layer.cosine:.4f}",
        _histogram(layer.values),
        "" if layer.values is None or layer.values.reach is None else f"{100 * layer.values.beyond:.2g} %",
        layer.weights_dtype,
        decibels_text(layer.weights_decibels),
        _histogram(layer.weights),
        "" if size is None or not size.nbytes else bytes_text(size.nbytes),
    ]
    broken = ' class="broken"' if layer.is_broken else ""
    return f"<tr{broken}>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"


def _named(name: str) -> str:
    """Return the end of a long name, all of which shows on pointing at it."""
    text = escaped(name)
    return f'<span title="{html_text(text[:2000])}">{html_text(shortened(text))}</span>'


def _histogram(spread: Spread | None) -> str:
    if spread is None:
        return ""
    reach = "" if spread.reach is None else f"; stored from {spread.reach[0]:.4g} to {spread.reach[1]:.4g}"
    title = f"from {spread.low:.4g} to {spread.high:.4g}{reach}"
    return histogram(spread.counts, spread.low, spread.high, spread.reach, title)


_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { margin: 0 auto; padding: 12px 16px 40px; max-width: 1368px; font: 13px/1.45 system-ui, sans-serif;
  color: #1c2128; background: #fff; }
p { overflow-wrap: anywhere; }
h1 { font-size: 17px; margin: 0 0 10px; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 22px 0 4px; overflow-wrap: anywhere; display: flex; }
.figures { display: grid; gap: 4px 24px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); }
figure { margin: 14px 0 0; min-width: 0; }
figcaption { margin-bottom: 4px; color: #59636e; overflow-wrap: anywhere; }
figcaption b { color: #1c2128; }
.chart { width: 100%; max-width: 760px; height: auto; display: block; }
svg text { font-size: 12px; fill: #1c2128; }
.axis { stroke: #8b97a5; fill: none; }
.grid { stroke: #e7eaee; fill: none; }
$bars.wide, .scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th { text-align: left; background: #f3f5f8; white-space: nowrap; }
th, td { padding: 2px 12px 2px 6px; border-bottom: 1px solid #e7eaee; vertical-align: middle; }
td { font-variant-numeric: tabular-nums; }
.wide td:nth-child(3) { white-space: nowrap; font-size: 12px; }
table { margin-bottom: 10px; }
.scroll td, .scroll th { white-space: nowrap; }
.wide td svg { display: block; }
pre { overflow-x: auto; font-size: 12px; }
.broken td { background: #ffebe9; }
@media (max-width: 760px) { svg.chart text { font-size: 18px; } th, td { padding-right: 8px; } }
</style>
<h1>$title</h1>
<div class="scroll">$summary</div>
<div class="figures">$charts</div>
$tables
</html>
""")
