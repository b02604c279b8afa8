"""A comparison as a page: what is off, and how the error grows along the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..text import escaped, html_text, plural
from .charts_html import Chart, chart_text, charts_page, table_html
from .compare import Compared, Comparison, Difference

MOST = 300  # rows of the table: the ops that are furthest beyond their claim, then by distance
_FLOOR = 1e-9  # what is less is drawn as so much: the axis is logarithmic
_CEILING = 10.0  # infinity is drawn as so much


def to_html(name: str, found: Comparison, sides: Sequence[str], about_part: Sequence[str] = ()) -> str:
    """Return the page.

    :param name: of the model.
    :param sides: who was compared with whom.
    :param about_part: what is to be said of the part that is wrong.
    """
    above = "".join(
        (
            f"<p>{html_text(escaped(' against '.join(sides)))}</p>",
            *(f"<p>{html_text(escaped(line))}</p>" for line in about_part),
            _verdict(found),
            _outputs(found),
        )
    )
    is_apart = any(not c.apart.is_none or c.is_beyond for c in found.tensors)
    charts = [_along(found)] if is_apart else []
    return charts_page(f"{name}: {' against '.join(sides)}", name, above, charts, _table(found))


def _verdict(found: Comparison) -> str:
    if found.nothing is not None:
        return f'<p class="bad">There is nothing to compare: {html_text(found.nothing)}.</p>'
    first = found.first_beyond
    same = sum(c.apart.is_none for c in found.tensors)
    text = f"{plural(len(found.tensors), 'tensor')} compared, {same} of them equal bit for bit. "
    if first is None:
        return f"<p>{text}Every op is within what its rows claim.</p>"
    assert first.alone is not None
    op = html_text(escaped(f"{first.op} on {first.labels[0]}"))
    return f'<p>{text}The first op beyond its claim is <span class="bad">{op}</span>.</p>'


def _outputs(found: Comparison) -> str:
    rows = [
        (name, o.tensor.dtype, *_cells(o.real), *_cells(o.kept)[1:2], "off" if o.is_off else "")
        for name, o in found.outputs.items()
    ]
    heads = ("output", "type", "max abs>", "max rel>", "steps>", "max rel, every tensor kept>", "")
    return table_html(heads, rows)


def _along(found: Comparison) -> Chart:
    """Draw the error of the runs, of each op alone, and what is claimed, in the order of the ops."""
    places = list(range(len(found.tensors)))
    names = [chart_text(_name(c)) for c in found.tensors]
    claims = [
        None if c.claim is None or c.apart.steps is not None else c.claim.rtol or None
        for c in found.tensors
    ]
    beyond = [i for i, c in enumerate(found.tensors) if c.is_beyond]
    traces = [
        _line("of the runs", places, [_drawn(c.apart) for c in found.tensors], names, "#4a90d9"),
        _line("of the op alone", places, [_drawn(c.alone) for c in found.tensors], names, "#e39a2d"),
        _line("claimed", places, claims, names, "#8b97a5", dash="dot"),
        {
            **_line("beyond", beyond, [_drawn(found.tensors[i].alone) for i in beyond], [], "#d92d20"),
            "mode": "markers",
            "marker": {"size": 11, "color": "#d92d20", "symbol": "x"},
            "text": [names[i] for i in beyond],
        },
    ]
    layout = {
        "xaxis": {"title": {"text": "tensors, in the order of the ops"}},
        "yaxis": {"title": {"text": "max rel"}, "type": "log", "exponentformat": "power", "dtick": 1},
    }
    return Chart("Error along the graph", "relative to the largest value of a tensor", traces, layout, 420)


def _line(
    name: str, x: Sequence[int], y: Sequence[Any], text: Sequence[str], color: str, dash: str = "solid"
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(x),
        "y": list(y),
        "text": list(text),
        "line": {"color": color, "dash": dash},
        "marker": {"size": 4},
        "hovertemplate": "%{text}<br>%{y:.3g} " + name + "<extra></extra>",
    }


def _drawn(d: Difference | None) -> float | None:
    if d is None:
        return None
    return float(np.clip(d.max_rel, _FLOOR, _CEILING))


def _table(found: Comparison) -> str:
    worst = sorted(found.tensors, key=lambda c: (not c.is_beyond, -c.apart.max_rel))[:MOST]
    kept = {id(c) for c in worst}
    rows = [
        (
            _name(c), c.labels[0], *_cells(c.apart), "?" if c.alone is None else _judged(c.alone),
            "none" if c.claim is None else _claimed(c), "beyond" if c.is_beyond else "",
        )
        for c in found.tensors
        if id(c) in kept
    ]  # fmt: skip
    left = len(found.tensors) - len(rows)
    note = f'<p class="soft">{left} more are nearer; --json has them.</p>' if left else ""
    heads = ("op", "runs on", "max abs>", "max rel>", "steps>", "op alone>", "claim>", "")
    return table_html(heads, rows) + note


def _name(c: Compared) -> str:
    return f"{c.subgraph}:{c.op.index} {c.op.name}" if c.subgraph else f"#{c.op.index} {c.op.name}"


def _cells(d: Difference) -> tuple[str, str, str]:
    return f"{d.max_abs:.3g}", f"{d.max_rel:.3g}", "" if d.steps is None else str(d.steps)


def _judged(d: Difference) -> str:
    return f"{d.max_rel:.3g}" if d.steps is None else plural(d.steps, "step")


def _claimed(c: Compared) -> str:
    assert c.claim is not None
    return f"{c.claim.rtol:.3g}" if c.apart.steps is None else plural(c.claim.steps, "step")
