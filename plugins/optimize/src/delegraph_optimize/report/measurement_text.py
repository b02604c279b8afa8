"""What was measured of models, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from delegraph import bytes_text, escaped, report_table, report_text
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .accuracy import Score
from .latency import Latency
from .layers import BROKEN, Layer
from .measure import MeasuredModel, Measurement
from .text import shortened

EQUAL = 199.0  # decibels: more are rounding of the sums
WORST = 10  # layers that are shown of a model


def measurement_text(found: Measurement, width: int | None = None) -> str:
    """Return the tables as plain text."""
    return report_text(render(found), width)


def render(found: Measurement) -> RenderableType:
    """Return the tables: sizes, scores, times, and the layers of each that are far from the first's."""
    parts: list[RenderableType] = [_sizes(found)]
    if any(m.scores for m in found.models):
        parts += [Text(), _scores(found), Text(_note(found))]
    if any(m.latencies for m in found.models):
        parts += [Text(), _times(found)]
    for model in found.models[1:]:
        parts += _worst(model)
    return Group(*parts)


def _note(found: Measurement) -> str:
    return (
        f"{found.samples} samples. Intervals hold 95 %: Wilson's of a share, Newcombe's of the paired "
        "difference from the first model (of scores that are more than right or wrong, a bootstrap); p is "
        "McNemar's, exact."
    )


def _sizes(found: Measurement) -> Table:
    table = _table("model", ">on disk", ">", ">compressed", ">", ">outputs, dB")
    first = found.models[0].size
    for m in found.models:
        shares = [_share(m.size.nbytes, first.nbytes), _share(m.size.compressed, first.compressed)]
        if m is found.models[0]:
            shares = ["", ""]
        table.add_row(
            Text(shortened(escaped(m.name))),
            bytes_text(m.size.nbytes),
            shares[0],
            bytes_text(m.size.compressed),
            shares[1],
            decibels_text(m.decibels),
        )
    return table


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.0f} %"


def _scores(found: Measurement) -> Table:
    table = _table("model", "measure", ">", "interval", ">difference", "interval", ">p")
    for model in found.models:
        for score in model.scores:
            table.add_row(Text(shortened(escaped(model.name))), *map(Text, score_cells(score)))
    return table


def score_cells(score: Score) -> tuple[str, ...]:
    """Return the name of a score, its value, the difference from the first model's, and their intervals."""
    share = 0 <= score.value <= 1 and score.interval is not None
    times, unit = (100, " %") if share else (1, "")
    value = f"{100 * score.value:.1f} %" if share else f"{score.value:.4g}"
    return (
        escaped(score.metric),
        value,
        ""
        if score.interval is None
        else f"{times * score.interval[0]:.4g} to {times * score.interval[1]:.4g}{unit}",
        "" if score.difference is None else f"{times * score.difference:+.3g}",
        "" if score.paired is None else f"{times * score.paired[0]:+.3g} to {times * score.paired[1]:+.3g}",
        "" if score.p is None else f"{score.p:.2g}",
    )


def _times(found: Measurement) -> Table:
    delegates = list(dict.fromkeys(t.delegate for m in found.models for t in m.latencies))
    table = _table("model", *(f">{escaped(d)}" for d in delegates))
    for model in found.models:
        times = {t.delegate: t for t in model.latencies}
        cells = [latency_text(times[d]) if d in times else "" for d in delegates]
        table.add_row(Text(shortened(escaped(model.name))), *map(Text, cells))
    return table


def latency_text(latency: Latency) -> str:
    """Write a time, and how many of the ops the delegate runs where it is not all."""
    if latency.seconds is None:
        return "cannot run it"
    some = "" if latency.ops == latency.of else f" ({latency.ops} of {latency.of} ops)"
    milliseconds = 1000 * latency.seconds
    return f"{milliseconds:.0f} ms{some}" if milliseconds >= 100 else f"{milliseconds:.3g} ms{some}"


def decibels_text(value: float | None) -> str:
    """Write decibels; where nothing differs there is no number."""
    return "" if value is None else "equal" if value >= EQUAL else f"{value:.1f}"


def _worst(model: MeasuredModel) -> Iterator[RenderableType]:
    compared = [x for x in model.layers if x.decibels is not None or x.weights_decibels is not None]
    if not compared:
        return
    broken = model.first_broken
    where = f"no layer's noise is above a tenth of its signal ({BROKEN:.0f} dB)"
    if broken is not None:
        where = (
            f"breaks first at op {place_text(broken)} {broken.op} ({broken.decibels:.1f} dB): "
            f"{shortened(escaped(broken.name))}"
        )
    yield Text(f"\n{escaped(model.name)}: {where}")
    table = _table(">", "op", "type", ">dB", ">cosine", ">past range", "weights", ">dB", "output")
    for layer in sorted(compared, key=_worse)[:WORST]:
        table.add_row(*map(Text, _layer_cells(layer)))
    yield table


def _worse(layer: Layer) -> float:
    found = layer.decibels if layer.decibels is not None else layer.weights_decibels
    return 0.0 if found is None else found


def place_text(layer: Layer) -> str:
    return f"{layer.subgraph}:{layer.index}" if layer.subgraph else str(layer.index)


def _layer_cells(layer: Layer) -> tuple[str, ...]:
    return (
        place_text(layer),
        layer.op,
        layer.dtype,
        decibels_text(layer.decibels),
        "" if layer.cosine is None else f"{layer.cosine:.4f}",
        "" if layer.values is None or layer.values.reach is None else f"{100 * layer.values.beyond:.2g} %",
        layer.weights_dtype,
        decibels_text(layer.weights_decibels),
        shortened(escaped(layer.name)),
    )


def _table(*columns: str) -> Table:
    return report_table(*(f"{c.lstrip('>')}{'>' if c.startswith('>') else ''}" for c in columns))
